// Asks the API, which is another origin, for the weather; the page says where it is.
const find = selector => document.querySelector(selector)
const api = find("[data-api]").dataset.api

async function weather() {
  const answer = await fetch(`${api}/weather`, {
    method: "POST",
    headers: { "content-type": "application/json" },  // which makes the browser ask first
    body: JSON.stringify({ place: "Nîmes" }),
  })
  const { place, degrees } = await answer.json()
  find("#weather").textContent = `${degrees} °C in ${place}`
}

weather()

// The one setting there is.
const box = document.querySelector("#sorted");
const { settings = {} } = await chrome.storage.local.get("settings");
box.checked = Boolean(settings.sorted);
box.addEventListener("change", () => chrome.storage.local.set({ settings: { ...settings, sorted: box.checked } }));

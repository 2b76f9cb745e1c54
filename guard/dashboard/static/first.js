// Runs before anything is painted: the theme and the language that this person chose last, so that nothing flashes.
(() => {
  const read = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is switched off: the system's theme and the server's language
    }
  };
  const root = document.documentElement;
  const theme = read("release-guard-theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const asked = new URLSearchParams(location.search).get("lang") || read("release-guard-language");
  if (asked === "en" || asked === "zh-TW") {
    root.lang = asked;
    root.dataset.chosen = asked;
  }
})();

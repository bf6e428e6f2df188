// Before the page is drawn: the theme that was chosen here earlier; else the system's own holds, by the style sheet.
try {
  const chosen = localStorage.getItem("playground-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* no storage: the system's own */ }

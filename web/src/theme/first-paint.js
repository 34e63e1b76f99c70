(() => {
  try {
    const choice = localStorage.getItem("offtake.theme");
    if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
  } catch {
    // Storage is closed to us: the system's theme it is.
  }
})();

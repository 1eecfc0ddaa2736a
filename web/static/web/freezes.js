// The reader's own time zone, where none was chosen yet.
(() => {
  const zone = document.getElementById("id_zone");
  if (zone && zone.value === "UTC" && !document.querySelector(".freeze .problem")) {
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  }
})();

// Lies in the picture itself, so that full screen shows it too; it tells the minute.
const mark = document.getElementById("watermark");
document.querySelector(".picture").append(mark);
const time = mark.querySelector(".watermark-time");
const tell = () => {
  time.textContent = new Date().toLocaleString("en-GB", { timeZone: "Europe/London", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
};
tell();
setInterval(tell, 10_000);

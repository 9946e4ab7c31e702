"use strict";

// Without this script each song is a link, which the browser plays by itself.

const sound = document.getElementById("sound");
const songs = [...document.querySelectorAll(".songs a")];
let current = -1;
let inMp3 = false;
let failures = 0;

function partsOf(song) {
  return [song.querySelector("b").textContent, song.querySelector(".by").textContent];
}

function load(mp3) {
  const song = songs[current];
  inMp3 = mp3 || song.dataset.type === "audio/mpeg" || !sound.canPlayType(song.dataset.type);
  sound.src = song.href + (inMp3 && song.dataset.type !== "audio/mpeg" ? "?format=mp3" : "");
  // A browser may refuse to begin by itself; the controls are there.
  sound.play().catch(() => {});
}

function tell(song) {
  const [title, artist] = partsOf(song);
  const cover = document.getElementById("cover");
  if (cover.getAttribute("src") !== song.dataset.cover) cover.src = song.dataset.cover;
  document.getElementById("playing").textContent = artist ? `${title} – ${artist}` : title;
  if ("mediaSession" in navigator) {
    navigator.mediaSession.metadata = new MediaMetadata({
      title, artist, album: song.dataset.album, artwork: [{ src: song.dataset.cover }],
    });
  }
}

function play(index) {
  if (index < 0 || index >= songs.length) return;
  if (current >= 0) songs[current].removeAttribute("aria-current");
  current = index;
  songs[current].setAttribute("aria-current", "true");
  songs[current].classList.remove("silent");
  document.getElementById("player").hidden = false;
  document.getElementById("previous").disabled = current === 0;
  document.getElementById("next").disabled = current === songs.length - 1;
  tell(songs[current]);
  load(false);
}

// One song may be broken; where several are, the server is away, and the list must not run out.
function failed() {
  if (!inMp3) return load(true);
  songs[current].classList.add("silent");
  failures += 1;
  if (failures < 3) play(current + 1);
}

const previous = () => play(current - 1);
const next = () => play(current + 1);

songs.forEach((song, index) => {
  song.addEventListener("click", (event) => {
    // With a key held down it stays a link: another tab, a new window.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    play(index);
  });
});

if (sound) {
  sound.addEventListener("ended", next);
  sound.addEventListener("error", failed);
  sound.addEventListener("playing", () => (failures = 0));
  document.getElementById("previous").addEventListener("click", previous);
  document.getElementById("next").addEventListener("click", next);
  if ("mediaSession" in navigator) {
    navigator.mediaSession.setActionHandler("previoustrack", previous);
    navigator.mediaSession.setActionHandler("nexttrack", next);
  }
}

// Shows a flicker code to an optical card reader: a clock bar and four data bars, the lowest bit beside
// the clock. Each half byte is shown twice, first with the clock on. The server has checked the code
// and put the half bytes into the order in which a reader takes them.
(() => {
  const box = document.querySelector(".flicker");
  const canvas = box.querySelector("canvas");
  const halves = canvas.dataset.halfBytes;
  const context = canvas.getContext("2d");
  // Times between two pictures, in milliseconds, and widths of the picture, in pixels.
  const TIMES = [200, 150, 100, 75, 50, 35, 25];
  const WIDTHS = [120, 150, 175, 200, 225, 250, 280, 320];
  let time = TIMES.indexOf(50);
  let width = WIDTHS.indexOf(200);
  let position = 0;
  let clock = 1;
  let timer = null;
  const draw = () => {
    const value = parseInt(halves[position], 16);
    const bar = canvas.width / 5;
    [clock, value & 1, (value >> 1) & 1, (value >> 2) & 1, (value >> 3) & 1].forEach((on, place) => {
      context.fillStyle = on ? "#fff" : "#000";
      context.fillRect(place * bar + 4, 4, bar - 8, canvas.height - 8);
    });
  };
  const step = () => {
    draw();
    clock ^= 1;
    if (clock) position = (position + 1) % halves.length;
  };
  const run = () => {
    clearInterval(timer);
    timer = setInterval(step, TIMES[time]);
  };
  const pause = box.querySelector("[data-do=pause]");
  const tell = () => { pause.textContent = timer === null ? pause.dataset.start : pause.dataset.pause; };
  const within = (list, place) => Math.max(0, Math.min(list.length - 1, place));
  const actions = {
    pause: () => {
      if (timer === null) {
        run();
      } else {
        clearInterval(timer);
        timer = null;
      }
      tell();
    },
    slower: () => { time = within(TIMES, time - 1); if (timer !== null) run(); },
    faster: () => { time = within(TIMES, time + 1); if (timer !== null) run(); },
    smaller: () => { width = within(WIDTHS, width - 1); resize(); },
    larger: () => { width = within(WIDTHS, width + 1); resize(); },
  };
  const resize = () => {
    canvas.width = WIDTHS[width];
    canvas.height = WIDTHS[width] / 2;
    draw();
  };
  for (const button of box.querySelectorAll("[data-do]")) {
    button.addEventListener("click", actions[button.dataset.do]);
  }
  box.hidden = false;
  draw();
  // Whoever wants less motion starts it by hand.
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) run();
  tell();
})();

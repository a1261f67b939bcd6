// Shows a flicker code (hexadecimal) to an optical card reader: a clock bar and four data bars.
// Each half byte is shown twice, once with the clock on and once with it off.
(() => {
  const canvas = document.querySelector("canvas[data-code]");
  const code = canvas && canvas.dataset.code.replace(/[^0-9a-f]/gi, "");
  if (!code) return;
  // Within each byte the reader takes the low half byte first.
  let halves = "0FFF";
  for (let i = 0; i + 1 < code.length; i += 2) halves += code[i + 1] + code[i];
  const context = canvas.getContext("2d");
  const width = canvas.width / 5;
  let position = 0;
  let clock = 1;
  const draw = () => {
    const value = parseInt(halves[position], 16);
    [clock, value & 1, (value >> 1) & 1, (value >> 2) & 1, (value >> 3) & 1].forEach((on, bar) => {
      context.fillStyle = on ? "#fff" : "#000";
      context.fillRect(bar * width + 4, 4, width - 8, canvas.height - 8);
    });
    clock ^= 1;
    if (clock) position = (position + 1) % halves.length;
  };
  draw();
  setInterval(draw, 50);
})();

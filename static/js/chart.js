// Draws every figure[data-chart] of the page with ECharts, in the colours and type of tokens.css,
// again when the theme, the text size or the width changes, and in light colours for print.
// The option comes as JSON from the page; it needs series and axes only. Text is drawn into the
// canvas (richText): HTML tooltips would need inline styles, which the security policy forbids.

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

// Shapes repeat what the colours say, for the colour-blind and for grey print.
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "pin", "roundRect"];

function dress(option) {
  const ink = token("--ink-soft");
  const size = 13 * (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);
  const text = { color: ink, fontFamily: token("--font"), fontSize: size };
  const axis = (given = {}) => ({
    ...given,
    axisLabel: { hideOverlap: true, ...given.axisLabel, ...text },
    nameTextStyle: text,
    axisLine: { lineStyle: { color: token("--line-strong") } },
    axisTick: { show: false },
    splitLine: { ...given.splitLine, lineStyle: { color: token("--line") } },
  });
  const axes = (given) => (Array.isArray(given) ? given.map(axis) : given && axis(given));
  const series = [].concat(option.series ?? []).map((one, index) => ({
    symbol: SYMBOLS[index % SYMBOLS.length],
    symbolSize: 8,
    showAllSymbol: true,
    ...one,
    label: one.label && { ...text, ...one.label },
  }));
  const count = series.length;
  const named = [].concat(option.yAxis ?? []).some((one) => one.name);
  return {
    color: [1, 2, 3, 4, 5, 6].map((n) => token(`--series-${n}`)),
    textStyle: text,
    animation: !still.matches,
    grid: { left: 8, right: 16, top: (count > 1 ? 36 : 8) + (named ? 24 : 8), bottom: 8, containLabel: true },
    ...option,
    legend: count > 1 ? { top: 0, left: 0, ...option.legend, textStyle: text } : undefined,
    tooltip: {
      trigger: option.xAxis ? "axis" : "item",
      renderMode: "richText",
      confine: true,
      ...option.tooltip,
      backgroundColor: token("--surface"),
      borderColor: token("--line-strong"),
      textStyle: { ...text, color: token("--ink") },
    },
    aria: { enabled: false },
    xAxis: axes(option.xAxis),
    yAxis: axes(option.yAxis),
    visualMap: option.visualMap && {
      inRange: { color: [1, 2, 3, 4, 5].map((n) => token(`--heat-${n}`)) },
      ...option.visualMap,
      textStyle: text,
    },
    series,
  };
}

function draw(figure) {
  const canvas = figure.querySelector("[data-chart-canvas]");
  const option = JSON.parse(figure.querySelector("[data-chart-option]").textContent);
  const chart = window.echarts.init(canvas);
  const paint = () => chart.setOption(dress(option), true);
  paint();
  new ResizeObserver(() => chart.resize()).observe(canvas);
  document.addEventListener("themechange", paint);
  window.addEventListener("beforeprint", () => { chart.setOption({ animation: false }); chart.resize(); });
}

if (window.echarts) document.querySelectorAll("figure[data-chart]").forEach(draw);

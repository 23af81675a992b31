import { scaleLinear, scaleLog } from 'd3-scale';

/** A point of a plot; points on the front are joined. */
export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly onFront: boolean;
}

interface PlotText {
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

const width = 720;
const height = 440;
const margin = { top: 44, right: 96, bottom: 52, left: 72 };
const ink = '#1a1a2e';
const grid = '#d8d8e0';
const front = '#0b6e4f';
const other = '#8a8a99';

/**
 * A scatter plot as an SVG document: x on a logarithmic scale, y as percentages of its fractions 0..1.
 * @param points at least one; x above 0
 */
export function scatterPlot(points: readonly PlotPoint[], text: PlotText): string {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const x = scaleLog()
    .domain([Math.min(...xs) / 1.2, Math.max(...xs) * 1.2])
    .range([margin.left, width - margin.right]);
  const slack = Math.max(0.002, 0.1 * (Math.max(...ys) - Math.min(...ys)));
  const y = scaleLinear()
    .domain([Math.min(...ys) - slack, Math.max(...ys) + slack])
    .range([height - margin.bottom, margin.top])
    .nice();
  const [bottom, right] = [height - margin.bottom, width - margin.right];
  const xTicks = x.ticks(6).map((tick) => {
    const at = x(tick).toFixed(1);
    return (
      `<line x1="${at}" y1="${margin.top}" x2="${at}" y2="${bottom}" stroke="${grid}"/>` +
      `<text x="${at}" y="${bottom + 18}" text-anchor="middle">${siPrefixed(tick)}</text>`
    );
  });
  const yTicks = y.ticks(6).map((tick) => {
    const at = y(tick).toFixed(1);
    return (
      `<line x1="${margin.left}" y1="${at}" x2="${right}" y2="${at}" stroke="${grid}"/>` +
      `<text x="${margin.left - 8}" y="${at}" dy="0.32em" text-anchor="end">${Number((100 * tick).toFixed(2))} %</text>`
    );
  });
  const joined = points
    .filter(({ onFront }) => onFront)
    .sort((one, two) => one.x - two.x)
    .map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`);
  const marks = points.map((point) => {
    const [cx, cy] = [x(point.x).toFixed(1), y(point.y).toFixed(1)];
    const fill = point.onFront ? front : other;
    return (
      `<circle cx="${cx}" cy="${cy}" r="4.5" fill="${fill}"/>` +
      `<text x="${cx}" y="${cy}" dx="9" dy="0.32em">${escaped(point.label)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="${ink}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${margin.left}" y="24" font-size="15">${escaped(text.title)}</text>`,
    ...xTicks,
    ...yTicks,
    `<text x="${(margin.left + right) / 2}" y="${height - 12}" text-anchor="middle">${escaped(text.x)}</text>`,
    `<text transform="translate(18 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(text.y)}</text>`,
    `<polyline points="${joined.join(' ')}" fill="none" stroke="${front}" stroke-width="1.5"/>`,
    ...marks,
    '</svg>',
    '',
  ].join('\n');
}

/** 4,000,000 as `4 M`. */
function siPrefixed(value: number): string {
  const prefixes = [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const;
  const [unit, prefix] = prefixes.find(([size]) => value >= size) ?? [1, ''];
  return `${Number((value / unit).toPrecision(3))}${prefix}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

import { describe, expect, it } from 'vitest';
import { scatterPlot } from '../../src/cli/plot.js';

const points = [
  { x: 4_000_000, y: 0.98, label: '4 <M>', onFront: true },
  { x: 1_000_000, y: 0.9, label: '1 M', onFront: true },
  { x: 2_000_000, y: 0.85, label: '2 M', onFront: false },
];
const plot = scatterPlot(points, { title: 'a & b', x: 'cost <J>', y: 'accuracy <1' });

/** Where the circles are, in the order of the points. */
const circles = [...plot.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="4.5" fill="([^"]+)"/g)].map(
  ([, x, y, fill]) => ({ x: Number(x), y: Number(y), fill }),
);

describe('scatterPlot', () => {
  it('shows every point where it is, inside the axes: costs to the right, on a logarithmic scale, accuracy up', () => {
    const [four, one, two] = circles;
    expect(circles).toHaveLength(3);
    expect(one.x).toBeLessThan(two.x);
    expect(four.x - two.x).toBeCloseTo(two.x - one.x, 0);
    expect(four.y).toBeLessThan(one.y);
    expect((two.y - one.y) / (one.y - four.y)).toBeCloseTo(5 / 8, 1);
    for (const { x, y } of circles) expect(x > 72 && x < 624 && y > 44 && y < 388).toBe(true);
  });

  it('joins the points of the front, the cheapest first, and tells them by colour', () => {
    const [four, one, two] = circles;
    const at = ({ x, y }: { x: number; y: number }) => `${x.toFixed(1)},${y.toFixed(1)}`;
    expect(plot).toContain(`<polyline points="${at(one)} ${at(four)}"`);
    expect(one.fill).toBe(four.fill);
    expect(two.fill).not.toBe(one.fill);
  });

  it('says what it shows, as text that is no markup', () => {
    for (const text of ['a &amp; b', 'cost &lt;J&gt;', 'accuracy &lt;1', '4 &lt;M&gt;', '3 M', '90 %'])
      expect(plot).toContain(`>${text}</text>`);
  });

  it('shows one point alone', () => {
    const alone = scatterPlot([points[0]], { title: 't', x: 'x', y: 'y' });
    expect(alone.match(/<circle /g)).toHaveLength(1);
    expect(alone).not.toMatch(/NaN|Infinity/);
  });
});

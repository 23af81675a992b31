import type { MetricsLine } from './metrics.js';

type KeysOfAll<Union> = Union extends unknown ? keyof Union : never;

/** The columns of `metrics.csv`, which are the keys that lines of metrics have; losses of a start or freeze have one column each. */
const columns = {
  kind: true,
  step: true,
  epoch: true,
  loss: true,
  accuracy: true,
  learningRate: true,
  evaluatedOn: true,
  evaluatedLoss: true,
  evaluatedAccuracy: true,
  bitOperations: true,
  what: true,
  layer: true,
  role: true,
  problem: true,
  measured: true,
  losses: ['known', 'neighbours', 'search', 'settled'],
  workers: true,
  seconds: true,
} as const satisfies Readonly<Record<KeysOfAll<MetricsLine>, true | readonly string[]>>;

const paths = Object.entries(columns).flatMap(([key, parts]) =>
  parts === true ? [[key]] : parts.map((part) => [key, part]),
);

/** The first row. */
export const metricsHeader = `${paths.map((path) => path.join('.')).join(',')}\n`;

/** A line as a row, with nothing where it does not say; in quotes what needs them, which the name of a layer may. */
export function metricsRow(line: MetricsLine): string {
  const cell = ([key, part]: readonly string[]) => {
    const value = (line as Readonly<Record<string, unknown>>)[key];
    const text = String(
      (part === undefined ? value : (value as Readonly<Record<string, unknown>> | undefined)?.[part]) ?? '',
    );
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${paths.map(cell).join(',')}\n`;
}

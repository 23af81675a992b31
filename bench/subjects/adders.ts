import { adderMatrixCount, adderMatrixFile, writeAdderMatrices } from '../adder-matrices.js';
import type { AdderMatrices } from '../adder-matrices.js';
import { peerSide } from '../harness/peers.js';
import { qfxSide } from '../harness/qfx.js';
import type { Comparison, Side, Subject } from '../harness/subject.js';
import type { AddersOptions } from '../sides/adders.js';

const nameOf = ({ kind, size }: AdderMatrices) => `${kind}, ${size}x${size}`;
const peerOf = (matrices: AdderMatrices) => `da4ml, ${nameOf(matrices)}`;

/** A side that reads matrices from a file, which is written first. */
function reading(matrices: AdderMatrices, side: Side): Side {
  return {
    async open(signal) {
      await writeAdderMatrices(matrices);
      return side.open(signal);
    },
  };
}

function sidesOf(matrices: AdderMatrices, cold: boolean): [string, Side][] {
  const file = adderMatrixFile(matrices);
  const options: AddersOptions = { file, cold };
  return [
    [nameOf(matrices), reading(matrices, qfxSide('adders.ts', options))],
    [peerOf(matrices), reading(matrices, peerSide('da4ml', 'da4ml_adders.py', [file, cold ? 'cold' : 'warm']))],
  ];
}

function compare(matrices: AdderMatrices): Comparison[] {
  return ['adders', 'CPU ms'].map((unit) => ({
    subject: `adder graph, mean of ${adderMatrixCount} matrices of ${nameOf(matrices)}`,
    against: 'da4ml 0.6',
    measured: nameOf(matrices),
    reference: peerOf(matrices),
    unit,
    direction: 'atMost',
    reach: 1,
  }));
}

const small: readonly AdderMatrices[] = [
  { kind: 'bytes', size: 4 },
  { kind: 'bytes', size: 8 },
  { kind: 'bytes', size: 16 },
  { kind: 'two digits', size: 16 },
  { kind: 'two digits', size: 32 },
  { kind: 'one digit', size: 16 },
];

const large: readonly AdderMatrices[] = [
  { kind: 'two digits', size: 64 },
  { kind: 'one digit', size: 64 },
];

/** Adder graphs of constant matrices: how many adders, and the time to find them. */
export const adders: Subject = {
  name: 'adders',
  sides: Object.fromEntries(small.flatMap((matrices) => sidesOf(matrices, false))),
  comparisons: small.flatMap(compare),
};

/** The same for large matrices: minutes a round. */
export const largeAdders: Subject = {
  name: 'large-adders',
  sides: Object.fromEntries(large.flatMap((matrices) => sidesOf(matrices, true))),
  comparisons: large.flatMap(compare),
  isLong: true,
};

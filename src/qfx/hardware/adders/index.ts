/** Adder graphs: constant integer matrices as additions, subtractions and shifts. */
export { adderGraphDepth, evaluateAdderGraph, evaluateNodes, nodeDepths } from './graph.js';
export type { AdderGraph, AdderOperand, AdderOperation, AdderOutput } from './graph.js';
export { parseConstantMatrix } from './matrix.js';
export type { ConstantMatrix } from './matrix.js';
export { optimizeAdderGraph } from './optimize.js';
export type { AdderGraphOptions } from './optimize.js';
export { adderGraphRanges } from './ranges.js';
export type { ResultRange } from './ranges.js';

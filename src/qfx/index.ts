/** The fixed-point graph and its integers: no tensor library, nothing of Node. */
export { QfxError } from './errors.js';

export * from './number/type.js';
export * from './number/raw-array.js';
export * from './number/shape.js';
export * from './number/validate-type.js';
export * from './number/k-hot.js';
export * from './number/cast.js';
export * from './number/real.js';
export * from './number/arithmetic.js';
export * from './number/align.js';
export * from './number/binary-point.js';

export * from './graph/graph.js';
export { buildGraph } from './graph/build.js';
export { compareGraphs } from './graph/compare.js';
export type {
  ConstantComparison,
  Difference,
  GraphComparison,
  NodeComparison,
  ValueComparison,
} from './graph/compare.js';
export { findNode, graphContexts } from './graph/context.js';
export { loadGraph, saveGraph } from './graph/file.js';
export type { LoadOptions } from './graph/file.js';
export { limits } from './limits.js';
export { summarizeGraph } from './graph/summary.js';
export type { GraphSummary, LayerSummary } from './graph/summary.js';

export { hasCast } from './graph/has-cast.js';
export { exposeExactValues, withoutCast } from './diagnose/casts.js';
export type { ExposedGraph } from './diagnose/casts.js';
export { CastStatistics } from './diagnose/cast-statistics.js';
export type { CastReport } from './diagnose/cast-statistics.js';
export { reportConstant } from './diagnose/constant-statistics.js';
export type { ConstantReport } from './diagnose/constant-statistics.js';

export { Network } from './execute/network.js';
export type {
  BatchOptions,
  BatchResult,
  BatchTensor,
  InputsByName,
  InputValues,
  RunOptions,
  RunResult,
} from './execute/network.js';
export { ReferenceNetwork } from './execute/reference.js';

export { findOperation, operations, registerOperation } from './operations/index.js';
export * from './operations/operation.js';
export { sameChannels } from './operations/channels.js';
export type { ChannelFlow, KeptChannels, KeptParts, SummedChannels, TiedChannels } from './operations/channels.js';
export type { Arithmetic, Scalar, Scalars } from './operations/scalars.js';
export { averageReciprocals, poolingCounts } from './operations/pooling.js';
export { resolveTransposedPadding } from './operations/conv2d-transpose.js';
export { resolvePadding } from './operations/window.js';
export type { Padding, Pair } from './operations/window.js';
export type { AveragePooling2dAttributes } from './operations/average-pooling2d.js';
export type { ConcatenateAttributes } from './operations/concatenate.js';
export type { Conv2dAttributes } from './operations/conv2d.js';
export type { Conv2dTransposeAttributes } from './operations/conv2d-transpose.js';
export type { InputAttributes } from './operations/input.js';
export type { PoolingAttributes } from './operations/pooling.js';
export type { ReluAttributes } from './operations/relu.js';
export type { ReshapeAttributes } from './operations/reshape.js';

export { parseBoard } from './hardware/board.js';
export type { Board } from './hardware/board.js';
export { defaultPlan, validatePlan } from './hardware/plan.js';
export type { HardwarePlan } from './hardware/plan.js';
export * from './hardware/adders/index.js';

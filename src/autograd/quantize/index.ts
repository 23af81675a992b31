export { quantizeModel } from './quantize-model.js';
export type { QuantizationReport, QuantizationStep, QuantizerReport } from './quantize-model.js';
export type {
  QuantizationConfig,
  QuantizationInput,
  QuantizationProgress,
  QuantizationSurroundings,
} from './options.js';
export type { LayerConversion } from './plan.js';
export { checkQuantizedFolder, writeQuantized } from './write-folder.js';

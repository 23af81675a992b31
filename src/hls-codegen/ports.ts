import type { DesignLayer } from './design.js';
import type { PortDescription } from './project-description.js';

/** An AXI4-Stream of the top function. */
export interface Port {
  /** Name of the top function's argument. */
  readonly port: string;
  readonly layer: DesignLayer;
  readonly wordBits: number;
  readonly slotBits: number;
  readonly wordsPerImage: number;
}

const slotSizes = [8, 16, 32, 64] as const;

/** The argument of the input. `input` and `output` are keywords of Verilog: Vitis HLS would call their ports `input_r_TDATA`. */
export const inputPortName = 'data_in';

/** The argument of an output: `data_out`, or with the layer's name where there are several. */
export function outputPortName(layer: DesignLayer, count: number): string {
  return count === 1 ? 'data_out' : `data_out_${layer.identifier}`;
}

/**
 * How the values of a layer are packed into AXI4-Stream words: each in the smallest native integer, so that a buffer in
 * memory is an array of int8_t, int16_t, ...
 * @param wordBits width of TDATA that the plan asks for; a value wider than that widens it
 */
export function makePort(port: string, layer: DesignLayer, wordBits: number): Port {
  const slotBits = slotSizes.find((size) => size >= layer.type.wordLength)!;
  const bits = Math.max(wordBits, slotBits);
  return { port, layer, wordBits: bits, slotBits, wordsPerImage: Math.ceil(layer.valuesPerImage / (bits / slotBits)) };
}

/** The port as project.json has it. */
export function describePort({ port, layer, wordBits, slotBits, wordsPerImage }: Port): PortDescription {
  return { port, layer: layer.index, lanes: wordBits / slotBits, slotBits, wordsPerImage };
}

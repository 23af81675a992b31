import { digitKinds, kHotMagnitudes, magnitudeBits, spreadAt } from '../../../src/qfx/index.js';
import type { KHot } from '../../../src/qfx/index.js';
import { RandomGraph } from './random-graph.js';

/** Random graphs whose constants are all K-hot, so that nothing in them multiplies. */
export class KHotGraph extends RandomGraph {
  protected override readonly constantBits = 9;

  override tensor(shape: readonly number[], signed?: boolean): string {
    const name = super.tensor(shape, signed);
    const { format, raw } = this.tensors[name];
    const kHot: KHot = { terms: this.integer(1, 4), digits: this.pick(...digitKinds) };
    const members = Float64Array.from({ length: raw.length }, (_, index) => {
      const wordLength = spreadAt(format.wordLength, shape, index);
      const magnitudes = kHotMagnitudes(magnitudeBits({ signed: format.signed, wordLength }), kHot);
      // Often the largest one, whose first power may be that of the next bit.
      const magnitude = magnitudes[this.pick(this.integer(0, magnitudes.length - 1), magnitudes.length - 1)];
      return format.signed && magnitude > 0 && this.pick(true, false) ? -magnitude : magnitude;
    });
    this.tensors[name] = { shape, format: { ...format, kHot }, raw: members };
    return name;
  }

  /** Two tensors are multiplied by a multiplier, always. */
  override combineEarlier(operation: 'subtract' | 'multiply' | 'maximum' | 'minimum'): void {
    super.combineEarlier(operation === 'multiply' ? 'subtract' : operation);
  }

  /** Of leaky ReLUs only those multiply whose slope is no power of two. */
  override leakyRelu(): void {
    const alpha = { raw: String(this.pick(1, 2, 8)), binaryPoint: this.integer(-2, 5) };
    this.add('leaky-relu', this.shape(), { attributes: { alpha } });
  }
}

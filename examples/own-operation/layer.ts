import { FixedPointLayer, tf } from 'qfx/autograd';
import type { ExactValue, OutputOptions } from 'qfx/autograd';
import { absolute } from './operation.js';

export interface AbsoluteConfig {
  readonly name?: string;
  readonly trainable?: boolean;
  /** The type of its values; default: 'exact', no cast. */
  readonly output?: OutputOptions;
}

/** |x| as a layer. */
export class Absolute extends FixedPointLayer {
  static readonly className = 'ExampleAbsolute';

  constructor({ name, trainable, output = 'exact' }: AbsoluteConfig = {}) {
    super({ operation: absolute.name, name, trainable, output, outputSigned: false });
  }

  protected override exactIsSigned(): boolean {
    return false;
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return x.abs();
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}

tf.serialization.registerClass(Absolute);

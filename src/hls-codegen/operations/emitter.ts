import type { JsonObject } from '../../qfx/graph/graph.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import type { FixedPointFormat, FixedPointType, KHot } from '../../qfx/number/type.js';

/** What an emitter knows of one of its inputs. */
export interface EmitterOperand {
  readonly shape: readonly number[];
  readonly type: FixedPointType;
  /** All of its values are 1 or -1. */
  readonly isBinary: boolean;
}

/** Everything that the C++ of a layer depends on. Types come from the graph, lanes from the hardware plan. */
export interface EmitterContext<Attributes = JsonObject> {
  /** What messages say first: `layer "conv1"`. */
  readonly where: string;
  readonly inputs: readonly EmitterOperand[];
  readonly attributes: Attributes;
  readonly constants: Readonly<Record<string, IntegerTensor>>;
  /** The set whose words stand for the constants that values are multiplied with; undefined for raw integers. */
  readonly kHot: KHot | undefined;
  /** Whether these constants are built as an adder graph. */
  readonly isAdderGraph: boolean;
  readonly shape: readonly number[];
  readonly exactType: FixedPointFormat;
  readonly intermediateTypes: Readonly<Record<string, FixedPointFormat>>;
  readonly outputType: FixedPointType;
  /** Values in one word of every input stream. */
  readonly inputLanes: number;
  /** Values in one word of the output stream. */
  readonly outputLanes: number;
}

/** A table of integer literals. */
export interface Table {
  /** Role, which becomes the suffix of its identifier, for example `weights`. */
  readonly name: string;
  /** What it holds, for the comment above it; one or more lines. */
  readonly comment: string;
  /** Element type: a type of the configuration (`qfx::table_t` of it), or a plain C++ type. */
  readonly element: { readonly typeName: string } | { readonly cpp: 'int' | 'unsigned char' };
  /** One or two dimensions. */
  readonly dimensions: readonly number[];
  /** Row-major. */
  readonly values: ArrayLike<number | bigint>;
}

/** A type in the layer's configuration. */
export interface ConfigurationType {
  readonly name: string;
  readonly format: FixedPointFormat | FixedPointType;
  /** Where its numbers are kept as words of this set. */
  readonly kHot?: KHot;
}

/** Adders in place of a layer's weights, as C++ and as Verilog. */
export interface AdderFunction {
  /** Number of adders. */
  readonly count: number;
  /** Numbers of values that it takes and gives. */
  readonly inputs: number;
  readonly outputs: number;
  /** From the arrays `x` to `y`, without a semicolon. */
  readonly statements: readonly string[];
  /** The same adders as a module. */
  readonly verilog: (name: string) => string;
}

/** How a layer is built: a call of a function template with a configuration and tables. */
export interface Emission {
  /** The header to include, on the include path: `qfx/dense.h`. */
  readonly header: string;
  /** The function template, for example `qfx::dense`. */
  readonly function: string;
  /** Template arguments after the configuration (and the adders). */
  readonly templateArguments?: readonly number[];
  /** The additions that stand for the layer's weights; the second template argument is a struct with them. */
  readonly adders?: AdderFunction;
  /** `inputs-first`: call(input, output, tables...); `output-first`: call(output, input, input, ...). */
  readonly streams: 'inputs-first' | 'output-first';
  /** Types of the configuration besides `output_t`, and `input_t` where there is one input. */
  readonly types: readonly ConfigurationType[];
  /** Integers of the configuration, each group on a line of its own, besides the lanes. */
  readonly integers: readonly Readonly<Record<string, number | bigint>>[];
  /** Arguments after the streams: tables in order; null for an absent one in front of a present one. */
  readonly tables: readonly (Table | null)[];
}

/** Turns nodes of one operation into C++. */
export interface Emitter<Attributes = JsonObject> {
  /** The operation's name. */
  readonly name: string;
  /**
   * @throws QfxError naming the layer for what can't be built as a stream
   */
  emit(context: EmitterContext<Attributes>): Emission;
  /** C++ headers that come with an emitter from outside: path below `include/` to text. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Graph -> Vitis HLS project. */
export { exportHls } from './export-hls.js';
export type { ExportedProject, ExportOptions } from './export-hls.js';
export { knownBoards, loadBoard } from './board.js';
export { registerEmitter } from './operations/index.js';
export type { Emission, Emitter, EmitterContext, EmitterOperand, Table } from './operations/emitter.js';
export { parseProjectDescription, projectFileName } from './project-description.js';
export type { LayerDescription, PortDescription, ProjectDescription } from './project-description.js';
export { defaultHardwareLoops, simulate } from './simulate/simulate.js';
export type { SimulateOptions, SimulationStage } from './simulate/simulate.js';
export type { Mismatch, SimulatedLayer, SimulatedOutput, SimulationResult } from './simulate/result.js';
export { makeInputs } from './simulate/inputs.js';
export type { ImageSource } from './simulate/inputs.js';

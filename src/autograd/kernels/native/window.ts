import type { Attribute } from '../../tensorflow-node.js';
import type { WindowGeometry } from '../geometry.js';

/** The attribute that native/window.h reads. */
export function windowAttribute(g: WindowGeometry): Readonly<Record<string, Attribute>> {
  return {
    window: [
      ...[g.inputHeight, g.inputWidth, g.outputHeight, g.outputWidth],
      ...[g.windowHeight, g.windowWidth, g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth],
      ...[g.padTop, g.padLeft],
    ],
  };
}

import { basename } from 'node:path/posix';
import { plainText } from '../plain-text.js';
import type { ProjectDescription } from '../project-description.js';
import { renderTemplate } from '../template.js';

/** The C++ source of a project's testbench. */
export function testbenchSource(project: ProjectDescription): string {
  return renderTemplate('testbench.cpp', {
    qfx: project.qfx,
    title: plainText(project.name),
    top: project.top,
    topHeader: basename(project.files.topHeader),
    layers: project.layers.map(({ name, valuesPerImage, format }) => ({
      name: plainText(name),
      valuesPerImage,
      bits: format.wordLength,
      signed: String(format.signed),
    })),
    input: project.input,
    outputs: project.outputs,
  });
}

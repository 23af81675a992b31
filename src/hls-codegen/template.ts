import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot } from '../package-root.js';

/** Templates of the emitted project, relative to `templates/hls`; the partials may be used in all of them. */
const partials: readonly string[] = ['generated-notice'];

type Render = (data: object) => string;

const compiled = new Map<string, Render>();
let environment: typeof Handlebars | undefined;

function readTemplate(name: string): string {
  return readFileSync(join(packageRoot(), 'templates', 'hls', `${name}.hbs`), 'utf8').replaceAll('\r\n', '\n');
}

function makeEnvironment(): typeof Handlebars {
  const handlebars = Handlebars.create();
  for (const partial of partials) handlebars.registerPartial(partial, readTemplate(`partials/${partial}`));
  return handlebars;
}

/**
 * Renders `templates/hls/<name>.hbs`. Nothing is escaped (the text is not HTML); a name that the data lacks is an error.
 * Lines end in a single line feed on every system.
 */
export function renderTemplate(name: string, data: object): string {
  let render = compiled.get(name);
  if (!render) {
    environment ??= makeEnvironment();
    render = environment.compile(readTemplate(name), { noEscape: true, strict: true }) as Render;
    compiled.set(name, render);
  }
  return render(data);
}

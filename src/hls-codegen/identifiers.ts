/**
 * Identifiers for emitted C++, Tcl and file names. A model's names may be any text; an identifier is made of ASCII letters,
 * digits and single underscores, and starts with a prefix of ours. A prefix with the layer's index makes it unique whatever
 * suffixes follow, and the prefixed form is never a keyword, a macro or a name of <math.h>.
 */

/** Longest part of an identifier that is taken from a name. */
const longestPart = 40;

/** Letters, digits and single underscores of a name, without underscores at its ends; '' where nothing remains. */
function identifierPart(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_/, '')
    .slice(0, longestPart)
    .replace(/_$/, '');
}

/**
 * The identifier of a layer, `l<index>_<name>`. Unique among all indices, also with suffixes appended,
 * since no identifier of one index is the beginning of one of another.
 */
export function layerIdentifier(index: number, name: string, operation: string): string {
  return `l${index}_${identifierPart(name) || identifierPart(operation) || 'layer'}`;
}

/** The name of the top function, `qfx_<name>`. */
export function topIdentifier(name: string): string {
  return `qfx_${identifierPart(name) || 'network'}`;
}

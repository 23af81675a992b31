/** Longest text that a comment takes over from a name. */
const longestText = 80;

/**
 * A name from the model as it may stand in a comment of C++, Tcl, make or an INI file and in a cell of a Markdown table.
 * Characters that mean something in any of these (quotes, `*`, backslashes, `?` of trigraphs, `|`, `#`, `$`, line ends, ...)
 * and everything beyond ASCII become `_`. The exact name stands in project.json.
 */
export function plainText(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9 _.,:+()/=-]/gu, '_');
  return plain.length > longestText ? `${plain.slice(0, longestText - 3)}...` : plain;
}

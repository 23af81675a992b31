import type { z } from 'zod';
import { QfxError } from './qfx/errors.js';

/**
 * Checks a plain object against its schema and fills in defaults.
 * @param where what the error says first, for example `layer "conv1": weights`
 * @throws QfxError naming the key, what was found and what is allowed; for an unknown key the allowed ones
 */
export function parseConfiguration<Schema extends z.ZodObject>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    const unknown = issue.keys.map((key) => `"${key}"`).join(', ');
    throw new QfxError(where, `unknown key ${unknown}, allowed: ${Object.keys(schema.shape).join(', ')}`);
  }
  const key = issue.path.join('.');
  throw new QfxError(key === '' ? where : `${where}: ${key}`, `${found(value, issue.path)}, ${issue.message}`);
}

function found(value: unknown, path: readonly PropertyKey[]): string {
  let part = value;
  for (const key of path) part = (part as Record<PropertyKey, unknown> | undefined)?.[key];
  return `found ${JSON.stringify(part) ?? String(part)}`;
}

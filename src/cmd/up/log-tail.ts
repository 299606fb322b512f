import { readTextFile } from '../../host/text-file.js';

/** The last lines of a log file; says so when it cannot be read. */
export async function tailOf(path: string, lines = 10): Promise<string> {
  try {
    const text = await readTextFile(path);
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  } catch (error) {
    return `(cannot be read: ${error instanceof Error ? error.message : String(error)})`;
  }
}

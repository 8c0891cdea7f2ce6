// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with one
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** A line as text: without terminal colours, and of a progress bar that overwrites itself its last sight. */
export function plainText(line: string): string {
  const text = line.replace(ANSI, '');
  const end = text.endsWith('\r') ? text.length - 1 : text.length;
  return text.slice(text.lastIndexOf('\r', end - 1) + 1, end);
}

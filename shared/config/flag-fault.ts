// Tells a person what is wrong with a command line.

/** What `parseArgs` finds wrong with a command line: its first sentence, without the advice. */
export function flagFault(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause);
}

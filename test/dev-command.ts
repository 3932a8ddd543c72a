// How `npm run dev` starts the emulator, for those that start it in a process of their own.
import { readFileSync } from 'node:fs';

/** Arguments of Node: the flags and the program that the script of package.json gives to tsx. */
export function devArguments(): string[] {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { scripts } = JSON.parse(file) as { scripts: { dev: string } };
  const [tsx = '', ...own] = scripts.dev.split(' ');
  return ['--import', tsx, ...own];
}

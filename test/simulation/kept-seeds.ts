// Reads the seeds that are kept for ever, each with its reason.
import { readFileSync } from 'node:fs';

export interface KeptSeed {
  readonly seed: number;
  readonly reason: string;
}

const LINE = /^([1-9][0-9]{0,14}) (\S.*)$/;

export function readKeptSeeds(): KeptSeed[] {
  const text = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, seed, reason] = LINE.exec(line) ?? [];
    if (seed === undefined || reason === undefined) throw new Error(`no seed with reason: ${line}`);
    return { seed: Number(seed), reason };
  });
}

// Room for the heap from the memory requests of the real manifests, and of broken ones.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isKnativeService } from '../../manifests/kinds.ts';
import { devArguments } from '../../../test/dev-command.ts';
import { editedBase, type Edit } from '../../testing/base-manifests.ts';
import { heapFlagsOf } from './heap.ts';

function flagsIn(edits: readonly Edit[]): Readonly<Record<string, readonly string[]>> {
  const services = editedBase(edits).filter(isKnativeService);
  return Object.fromEntries(services.map((each) => [each.name, heapFlagsOf(each)]));
}

function flags(oldSpace: number, semiSpace: number): string[] {
  return [
    `--initial-old-space-size=${oldSpace}`,
    `--min-semi-space-size=${semiSpace}`,
    `--max-semi-space-size=${semiSpace}`,
  ];
}

describe('the heap of a service', () => {
  it('begins with three eighths of what is requested, and semi-spaces of a sixteenth', () => {
    const found = flagsIn([]);
    expect(found).toMatchObject({ orders: flags(384, 64), settlement: flags(192, 32) });
    // `npm run dev` gives the emulator itself 512 MiB.
    expect(devArguments()).toEqual(expect.arrayContaining(flags(192, 32)));
  });

  it.each(['lots', '0', '0Mi', '-1Gi', '1.5Gi', '256M', '268435456'])(
    'is that of 256 MiB where the request is not in whole mebibytes or gibibytes: %s',
    (memory) => {
      const edit = { file: 'settlement.yaml', from: 'memory: 512Mi', to: `memory: '${memory}'` };
      expect(flagsIn([edit])).toMatchObject({ settlement: flags(96, 16) });
    },
  );

  it('is what Node makes of the flags', () => {
    const script = `
      const spaces = require('node:v8').getHeapSpaceStatistics();
      const { space_size } = spaces.find(({ space_name }) => space_name === 'new_space');
      process.stdout.write(String(space_size / 2 ** 20));`;
    const nodeFlags = [...(flagsIn([])['orders'] ?? []), '--eval', script];
    const found = execFileSync(process.execPath, nodeFlags, { encoding: 'utf8' });
    expect(Number(found)).toBe(64);
  });
});

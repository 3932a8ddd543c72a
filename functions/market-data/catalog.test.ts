// The short memory of the catalog: how old, how often loaded, what a failure leaves.
import { describe, expect, it } from 'vitest';
import { Catalog } from './catalog.ts';

interface Named {
  readonly name: string;
  readonly version: number;
}

function catalogOf(rows: () => readonly Named[]): {
  catalog: Catalog<Named>;
  clock: { nowMs: number };
  loads: () => number;
} {
  const clock = { nowMs: 0 };
  let loads = 0;
  const load = (): Promise<readonly Named[]> => {
    loads += 1;
    return Promise.resolve(rows());
  };
  const catalog = new Catalog(
    load,
    (row) => row.name,
    1_000,
    () => clock.nowMs,
  );
  return { catalog, clock, loads: () => loads };
}

describe('the catalog', () => {
  it('does not keep a failure', async () => {
    let broken = true;
    const { catalog } = catalogOf(() => {
      if (broken) throw new Error('database away');
      return [{ name: 'a', version: 1 }];
    });
    await expect(catalog.list()).rejects.toThrow('database away');
    broken = false;
    expect(await catalog.list()).toHaveLength(1);
  });

  it('answers null for a name that nobody listed', async () => {
    const { catalog } = catalogOf(() => []);
    expect(await catalog.find('constructor')).toBeNull();
  });

  it('is loaded once, however many ask', async () => {
    const { catalog, loads } = catalogOf(() => [{ name: 'a', version: 1 }]);
    await Promise.all([catalog.find('a'), catalog.list(), catalog.find('a')]);
    expect(loads()).toBe(1);
  });

  it('is loaded again when it is too old', async () => {
    let version = 1;
    const { catalog, clock } = catalogOf(() => [{ name: 'a', version }]);
    await catalog.list();
    version = 2;
    clock.nowMs = 1_000;
    expect((await catalog.find('a'))?.version).toBe(1);
    clock.nowMs = 1_001;
    expect((await catalog.find('a'))?.version).toBe(2);
  });

  it('looks again at once for a name it does not know', async () => {
    const rows: Named[] = [];
    const { catalog } = catalogOf(() => rows.slice());
    await catalog.list();
    rows.push({ name: 'new', version: 1 });
    expect(await catalog.find('new')).not.toBeNull();
  });
});

// What follows for an order from what its client saw.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History, verdictOf, type HistoryLine, type Phase } from './history.ts';

let dir: string;
let history: History;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-history-'));
  history = new History(join(dir, 'history.jsonl'));
});
afterEach(() => {
  history.close();
  rmSync(dir, { recursive: true, force: true });
});

function attempt(phase: Phase | null, orderId: string | null = null): void {
  const line: HistoryLine = {
    ...{ client: 1, request: 1, kind: 'place', clientOrderId: 'a' },
    ...{ phase: 'invoke', status: null, code: null, orderId: null },
  };
  history.invokeOrder('a', 7);
  history.note(line);
  if (phase !== null) history.note({ ...line, phase, orderId });
}

function verdict(): string {
  const order = history.orders.get('a');
  if (order === undefined) throw new Error('no order');
  return verdictOf(order);
}

describe('a list that was sent', () => {
  const line: HistoryLine = {
    ...{ client: 1, request: 1, kind: 'place_list', clientOrderId: 'l' },
    ...{ phase: 'info', status: null, code: null, orderId: null },
  };

  it('and accepted is known with each of its orders, which have their own ids', () => {
    history.invokeList('l', ['l-0', 'l-1'], 7);
    history.note({ ...line, phase: 'ok', orderId: 'lst_3', listed: ['ord_1', 'ord_2'] });
    expect([...(history.lists.get('l')?.ids ?? [])]).toEqual(['lst_3']);
    expect([...(history.orders.get('l-1')?.ids ?? [])]).toEqual(['ord_2']);
    expect(history.acknowledged).toBe(2);
  });

  it('first without an answer and then refused leaves it and its orders open', () => {
    for (const phase of ['info', 'fail'] as const) {
      history.invokeList('l', ['l-0', 'l-1'], 7);
      history.note({ ...line, phase });
    }
    const asked = [history.lists.get('l'), history.orders.get('l-0'), history.orders.get('l-1')];
    expect(asked.map((each) => each && verdictOf(each))).toEqual(['info', 'info', 'info']);
  });
});

describe('an order that was sent', () => {
  it('once without an end may exist', () => {
    attempt(null);
    expect(verdict()).toBe('info');
  });

  it('first without an answer and then refused may still exist by the first', () => {
    attempt('info');
    attempt('fail');
    expect(verdict()).toBe('info');
  });

  it('and always refused does not exist', () => {
    attempt('fail');
    attempt('fail');
    expect(verdict()).toBe('fail');
  });

  it('and acknowledged once exists, whatever else was answered', () => {
    attempt('info');
    attempt('ok', 'ord_1');
    attempt('fail');
    expect(verdict()).toBe('ok');
    expect(history.acknowledged).toBe(1);
  });

  it('and acknowledged under two ids shows both', () => {
    attempt('ok', 'ord_1');
    attempt('ok', 'ord_2');
    expect([...(history.orders.get('a')?.ids ?? [])]).toEqual(['ord_1', 'ord_2']);
  });

  it('is written down line by line', () => {
    attempt('ok', 'ord_1');
    history.flush();
    const lines = readFileSync(join(dir, 'history.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as HistoryLine).phase)).toEqual(['invoke', 'ok']);
  });
});

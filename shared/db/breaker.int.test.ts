// The breaker in front of a real Postgres: it opens when connections break, and closes by itself
// when the server answers, whatever the wall clock does meanwhile.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { DatabaseBreaker } from './breaker.ts';
import { createPool, type Pool } from './pool.ts';

const CLOCK_SET_BACK_MS = 600_000;
const END_ONESELF = 'SELECT pg_terminate_backend(pg_backend_pid())';

let database: TestDatabase;
let pool: Pool;
const breakers: DatabaseBreaker[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, applicationName: 'breaker-test', connectionsMax: 2 });
});
afterEach(() => {
  vi.useRealTimers();
  for (const breaker of breakers.splice(0)) breaker.close();
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

function openBreaker(queryable: Pick<Pool, 'query'> = pool): DatabaseBreaker {
  const breaker = new DatabaseBreaker(queryable, silentLogger());
  breakers.push(breaker);
  return breaker;
}

/** Two connections in a row that the server ends. */
async function breakConnections(breaker: DatabaseBreaker): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    await expect(breaker.run(() => pool.query(END_ONESELF))).rejects.toThrow();
  }
  expect(breaker.isOpen).toBe(true);
}

async function expectBack(breaker: DatabaseBreaker): Promise<void> {
  await vi.waitFor(() => expect(breaker.isOpen).toBe(false), { timeout: 5_000 });
  const { rows } = await breaker.run(() => pool.query<{ one: number }>('SELECT 1 AS one'));
  expect(rows).toEqual([{ one: 1 }]);
}

describe('the breaker of the database', () => {
  it('refuses work at once after two broken connections, and takes it again by itself', async () => {
    const breaker = openBreaker();
    await breakConnections(breaker);
    await expect(breaker.run(() => pool.query('SELECT 1'))).rejects.toThrow('away');
    await expectBack(breaker);
  });

  it('is not kept open by a wall clock that is set back', async () => {
    const breaker = openBreaker();
    await breakConnections(breaker);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - CLOCK_SET_BACK_MS });
    await expectBack(breaker);
  });

  it('asks until the server is back, however often a question fails', async () => {
    let questions = 0;
    const breaker = openBreaker({
      query: (async () => {
        questions += 1;
        return pool.query(questions < 3 ? END_ONESELF : 'SELECT 1');
      }) as Pool['query'],
    });
    await breakConnections(breaker);
    await expectBack(breaker);
    expect(questions).toBe(3);
  });

  it('asks again when connections break while an answer is on its way', async () => {
    const answers: (() => void)[] = [];
    const breaker = openBreaker({
      query: (async () => {
        // The first answer is a refusal, which shows that the server is there.
        const refused = answers.length === 0;
        await new Promise<void>((answer) => answers.push(answer));
        return pool.query(refused ? 'SELECT 1 / 0' : 'SELECT 1');
      }) as Pool['query'],
    });
    await breakConnections(breaker);
    await vi.waitFor(() => expect(answers).toHaveLength(1), { timeout: 5_000 });
    answers[0]?.();
    await vi.waitFor(() => expect(breaker.isOpen).toBe(false), { timeout: 5_000 });
    // Long enough for a breaker that still asks to have a question on its way.
    await new Promise((done) => setTimeout(done, 600));
    await breakConnections(breaker);
    answers[1]?.();
    await vi.waitFor(
      () => {
        for (const answer of answers) answer();
        expect(breaker.isOpen).toBe(false);
      },
      { timeout: 5_000 },
    );
  });
});

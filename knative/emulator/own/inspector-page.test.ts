// The inspector shows what strangers chose, so nothing of it may become markup.
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../eventing/delivery-log.ts';
import { inspectorPage } from './inspector-page.ts';

const EVIL = `"><script>alert('x')</script>`;

describe('the inspector page', () => {
  it('escapes everything that came from outside', () => {
    const delivery: Delivery = {
      ...{ id: '1', at: '2026-01-02T03:04:05.678Z', source: EVIL, target: 'sink', topic: EVIL },
      ...{ partition: 0, offset: 1, eventType: EVIL, eventId: EVIL, attempt: 0, status: 503 },
      ...{ error: EVIL, latencyMs: 1 },
    };
    const page = inspectorPage(
      {
        ...{
          publicUrl: EVIL,
          ownUrl: EVIL,
          adminUrl: EVIL,
          dataDir: EVIL,
          ready: true,
          pid: 1,
          postgresPid: 2,
        },
        ...{
          enginePid: 3,
          enginePids: [3],
          services: [],
          routes: [],
          sourceNames: [EVIL],
          sources: [],
        },
        errors: [{ at: 'now', from: EVIL, message: EVIL }],
      },
      [delivery],
      { source: EVIL },
    );
    expect(page).not.toContain(EVIL);
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;');
  });
});

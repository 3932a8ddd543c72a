// Mail against a real SMTP server: which failures pass, what is sent once, what the log shows.
import { randomBytes, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mailPlace, type MailTemplate } from '../../shared/events/mail.ts';
import { deliverEvent } from '../../shared/function/call.ts';
import { readSmtpOptions } from '../../shared/providers/mail/smtp-options.ts';
import { createSmtpSender } from '../../shared/providers/mail/smtp-sender.ts';
import { sealEmail } from '../../shared/secrets/email.ts';
import { parseKeyRing, type KeyRing, type SealingPurpose } from '../../shared/secrets/key-ring.ts';
import { seal } from '../../shared/secrets/seal.ts';
import { createLogger } from '../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { definition, type NotificationsDeps } from './handler.ts';
import { CLAIM_MS, claimMail } from './store.ts';

const TO = 'ada@example.org';
const TOKEN = 'bml_the-token-of-the-link';
const CODE = 'blue heron';

let database: TestDatabase;
let ring: KeyRing;
let usersRing: KeyRing;
let server: SMTPServer;
let received: ParsedMail[];
let recipients: string[];
/** What the server says to a recipient, or to the mail itself; null: yes. */
let refusal: { at: 'recipient' | 'data'; code: number } | null;
let deps: NotificationsDeps;
let lines: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  ring = drawRing('mail');
  usersRing = drawRing('users');
});
afterAll(() => database.drop());

beforeEach(async () => {
  received = [];
  recipients = [];
  lines = [];
  refusal = null;
  server = await startServer();
  deps = openDeps('off');
});
afterEach(async () => {
  deps.sender.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

function startServer(): Promise<SMTPServer> {
  const fault = (code: number) =>
    Object.assign(new Error(`no such mailbox ${TO} ${TOKEN}`), { responseCode: code });
  const started = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onRcptTo: ({ address }, _session, done) => {
      recipients.push(address);
      done(refusal?.at === 'recipient' ? fault(refusal.code) : null);
    },
    onData: (stream, _session, done) => {
      void simpleParser(stream).then((mail) => {
        if (refusal?.at === 'data') {
          done(fault(refusal.code));
          return;
        }
        received.push(mail);
        done();
      });
    },
  });
  started.on('error', () => undefined);
  return new Promise((resolve) => started.listen(0, '127.0.0.1', () => resolve(started)));
}

function openDeps(tls: 'off' | 'required'): NotificationsDeps {
  const { port } = server.server.address() as AddressInfo;
  const settings: Readonly<Record<string, string>> = {
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    SMTP_TLS: tls,
    SMTP_FROM: 'Bourse <no-reply@bourse.example>',
  };
  return {
    pool: database.poolFor('bourse_notifications'),
    sender: createSmtpSender(readSmtpOptions((name) => settings[name])),
    mailRing: ring,
    usersRing,
    publicUrl: 'https://app.example.org',
    now: Date.now,
    cleaning: null,
  };
}

function drawRing(purpose: SealingPurpose): KeyRing {
  const key = randomBytes(32).toString('base64');
  const drawn = parseKeyRing(JSON.stringify({ current: 'a', keys: { a: key } }), purpose);
  if (drawn === null) throw new Error('no ring');
  return drawn;
}

interface Wish {
  readonly id?: string;
  readonly template?: MailTemplate;
  readonly place?: string;
  readonly to?: string | null;
  readonly recipientSealed?: string;
  readonly values?: Readonly<Record<string, string>>;
}

function deliver(wish: Wish = {}, by: NotificationsDeps = deps) {
  const { id = randomUUID(), template = 'reset_password' } = wish;
  const to = wish.to === undefined ? TO : wish.to;
  const content = { to, antiPhishingCode: CODE, values: wish.values ?? { token: TOKEN } };
  const sealed = seal(ring, mailPlace(wish.place ?? id), JSON.stringify(content));
  const { recipientSealed } = wish;
  const data = {
    ...{ id, userId: 'usr_0000000000000001', template, language: 'en', sealed },
    ...(recipientSealed === undefined ? {} : { recipientSealed }),
  };
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'notifications', level: 'debug', destination });
  return deliverEvent(definition, by, { name: 'mailRequested', data }, { log });
}

describe('the settings are refused', () => {
  it.each([
    ['SMTP_URL', { SMTP_FROM: 'a@b.example' }],
    ['SMTP_URL', { SMTP_FROM: 'a@b.example', SMTP_URL: 'http://user:hunter2@mail.example' }],
    ['SMTP_FROM', { SMTP_URL: 'smtp://mail.example' }],
    ['SMTP_TLS', { SMTP_URL: 'smtp://m.example', SMTP_FROM: 'a@b.example', SMTP_TLS: 'maybe' }],
  ])('without a proper %s, showing no value', (name, settings: Record<string, string>) => {
    expect(() => readSmtpOptions((each) => settings[each])).toThrow(name);
    expect(() => readSmtpOptions((each) => settings[each])).not.toThrow('hunter2');
  });

  it('TLS is required unless it is off', () => {
    const settings: Record<string, string> = { SMTP_URL: 'smtp://m.example', SMTP_FROM: 'a@b.ex' };
    expect(readSmtpOptions((each) => settings[each]).isTlsRequired).toBe(true);
  });
});

describe('a mail goes to the dead letters', () => {
  it.each([
    ['recipient', 550],
    ['data', 554],
  ] as const)('when the server refuses the %s with %i', async (at, code) => {
    refusal = { at, code };
    expect((await deliver()).status).toBe(422);
    expect(received).toEqual([]);
  });

  it('when it was sealed for another, or is changed', async () => {
    expect((await deliver({ place: randomUUID() })).status).toBe(422);
    expect((await deliver({ values: {} })).status).toBe(422);
    expect(received).toEqual([]);
  });

  it('when its address was sealed for another user, or is nowhere', async () => {
    const recipientSealed = sealEmail(usersRing, 2, TO);
    expect((await deliver({ to: null, recipientSealed })).status).toBe(422);
    expect((await deliver({ to: null })).status).toBe(422);
    expect(received).toEqual([]);
  });
});

describe('a mail is tried again', () => {
  it.each([
    ['recipient', 450],
    ['data', 451],
  ] as const)('after the server answers to the %s with %i, and then sent', async (at, code) => {
    const id = randomUUID();
    refusal = { at, code };
    expect((await deliver({ id })).status).toBe(503);
    refusal = null;
    expect((await deliver({ id })).status).toBe(204);
    expect(received).toHaveLength(1);
  });

  it('when the server is away', async () => {
    const id = randomUUID();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect((await deliver({ id })).status).toBe(503);
    server = await startServer();
    const again = openDeps('off');
    expect((await deliver({ id }, again)).status).toBe(204);
    again.sender.close();
    expect(received).toHaveLength(1);
  });

  it('when the server speaks no TLS and TLS is required: nothing is sent in the clear', async () => {
    const strict = openDeps('required');
    expect((await deliver({}, strict)).status).toBe(503);
    strict.sender.close();
    expect(received).toEqual([]);
  });
});

describe('a mail', () => {
  it('C16 arrives whole, in both forms, with the phrase at the top', async () => {
    const id = randomUUID();
    expect((await deliver({ id })).status).toBe(204);
    const [mail] = received;
    expect(mail?.to).toMatchObject({ value: [{ address: TO }] });
    expect(mail?.messageId).toBe(`<${id}@bourse.example>`);
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail?.text).toMatch(new RegExp(`^Your anti-phishing code: ${CODE}\n`));
    expect(mail?.text).toContain(`https://app.example.org/reset-password#token=${TOKEN}`);
    expect(mail?.html).toContain(`href="https://app.example.org/reset-password#token=${TOKEN}"`);
  });

  it('C38 goes to an address that its producer could not open', async () => {
    const recipientSealed = sealEmail(usersRing, 1, 'grace@example.org');
    expect((await deliver({ to: null, recipientSealed })).status).toBe(204);
    expect(recipients).toEqual(['grace@example.org']);
  });

  it('goes to nobody besides, whatever the address holds', async () => {
    await deliver({ to: 'ada@example.org,eve@example.org' });
    await deliver({ to: 'ada@example.org>\r\nRCPT TO:<eve@example.org' });
    expect(recipients).not.toContain('eve@example.org');
  });

  it('of nobody is not sent', async () => {
    expect((await deliver({ template: 'none', values: {} })).status).toBe(204);
    expect(received).toEqual([]);
  });

  it('that comes again is sent once, one after the other or twenty at a time', async () => {
    const id = randomUUID();
    await deliver({ id });
    expect((await deliver({ id })).status).toBe(204);
    expect(received).toHaveLength(1);
    const crowd = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver({ id: crowd })));
    expect(answers.every(({ status }) => status === 204 || status === 503)).toBe(true);
    expect(received).toHaveLength(2);
    expect((await deliver({ id: crowd })).status).toBe(204);
    expect(received).toHaveLength(2);
  });

  it('whose sender died is sent when its claim is old, not before', async () => {
    const id = randomUUID();
    await claimMail(deps.pool, id, Date.now());
    expect((await deliver({ id })).status).toBe(503);
    expect(received).toEqual([]);
    const later = { ...deps, now: () => Date.now() + CLAIM_MS };
    expect((await deliver({ id }, later)).status).toBe(204);
    expect(received).toHaveLength(1);
  });

  it('C38 shows no address, link or phrase in any log line, whatever happens to it', async () => {
    await deliver();
    for (const at of ['recipient', 'data'] as const) {
      for (const code of [450, 550]) {
        refusal = { at, code };
        await deliver();
      }
    }
    await deliver({ place: randomUUID() });
    expect(lines.length).toBeGreaterThan(4);
    expect(lines.join('')).not.toMatch(/example\.org|bml_|heron/);
  });
});

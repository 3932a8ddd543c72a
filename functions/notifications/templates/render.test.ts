// C16 What a mail looks like: the user's phrase at the top of both forms, and nothing that comes from
// outside is markup.
import { describe, expect, it } from 'vitest';
import { MAIL_TEMPLATES, MAIL_VALUES } from '../../../shared/events/mail.ts';
import { renderMail } from './render.ts';

const URL_OF_PAGES = 'https://app.example.org/';
const HOSTILE = `<img src=x onerror="alert('1')">&amp;`;

describe('a mail', () => {
  it('is not written without its values', () => {
    const mail = { antiPhishingCode: null, values: {} };
    expect(renderMail('reset_password', 'en', mail, URL_OF_PAGES)).toBeNull();
  });

  it('C16 of a link: phrase first, token in the fragment of the address', () => {
    const mail = { antiPhishingCode: 'blue <heron> & "sons"', values: { token: 'bml_abc' } };
    const rendered = renderMail('reset_password', 'en', mail, URL_OF_PAGES);
    expect(rendered?.subject).toBe('[Bourse] Reset your password');
    expect(rendered?.text).toMatchInlineSnapshot(`
      "Your anti-phishing code: blue <heron> & "sons"

      The link is good for 30 minutes, once. Withdrawals wait for 72 hours after a reset.

      If you did not ask for this, ignore this mail: nothing has changed.

      Set a new password:
      https://app.example.org/reset-password#token=bml_abc

      Bourse
      "
    `);
    expect(rendered?.html).toMatchInlineSnapshot(`
      "<!doctype html>
      <html><body>
      <p><strong>Your anti-phishing code: blue &lt;heron&gt; &amp; &quot;sons&quot;</strong></p>
      <p>The link is good for 30 minutes, once. Withdrawals wait for 72 hours after a reset.</p>
      <p>If you did not ask for this, ignore this mail: nothing has changed.</p>
      <p><a href="https://app.example.org/reset-password#token=bml_abc">Set a new password</a></p>
      <p>Bourse</p>
      </body></html>
      "
    `);
  });

  it('C16 shows hostile values as text, on one line', () => {
    const values = { time: 'now', address: HOSTILE, userAgent: `${HOSTILE}\r\nYour code: x` };
    const rendered = renderMail(
      'new_device',
      'en',
      { antiPhishingCode: HOSTILE, values },
      URL_OF_PAGES,
    );
    expect(rendered?.html).not.toContain('<img');
    expect(rendered?.html.match(/&lt;img src=x onerror=&quot;/g)).toHaveLength(3);
    expect(rendered?.text).toContain('&amp; Your code: x');
    expect(rendered?.text).not.toMatch(/^Your code/m);
  });

  it.each(MAIL_TEMPLATES.filter((each) => each !== 'none'))(
    'C16 %s has the phrase at the top, or says that there is none',
    (template) => {
      const values = Object.fromEntries(MAIL_VALUES[template].map((name) => [name, `<${name}>`]));
      for (const language of ['en', 'de-AT']) {
        const mail = { antiPhishingCode: 'blue heron', values };
        const rendered = renderMail(template, language, mail, URL_OF_PAGES);
        expect(rendered?.text.split('\n')[0]).toBe('Your anti-phishing code: blue heron');
        expect(rendered?.html).toContain('<body>\n<p><strong>Your anti-phishing code: blue heron');
        for (const name of MAIL_VALUES[template]) {
          expect(rendered?.text).toContain(`<${name}>`);
          expect(rendered?.html).toContain(`&lt;${name}&gt;`);
          expect(rendered?.html).not.toContain(`<${name}>`);
        }
      }
      const none = renderMail(template, 'en', { antiPhishingCode: null, values }, URL_OF_PAGES);
      expect(none?.text.split('\n')[0]).toContain('no anti-phishing code yet');
    },
  );
});

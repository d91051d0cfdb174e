// The inside of a card field's frame. Sibling frames of one group are of this
// origin and read each other's fields; the page around them cannot.
(function () {
  'use strict';

  const root = document.querySelector('form');
  const { group, parent: parentOrigin } = root.dataset;
  const fields = Object.fromEntries(Array.from(root.querySelectorAll('input'), (input) => [input.name, input]));
  const words = {
    en: { number: 'Card number', expiry: 'MM / YY', cvc: 'CVC' },
    'zh-Hant': { number: '卡號', expiry: '月 / 年', cvc: '安全碼' },
    'zh-Hans': { number: '卡号', expiry: '月 / 年', cvc: '安全码' },
    ja: { number: 'カード番号', expiry: '月 / 年', cvc: 'セキュリティコード' },
  };
  const brands = [
    [/^4/, 'visa'], [/^(5[1-5]|2[2-7])/, 'mastercard'], [/^3[47]/, 'amex'], [/^35/, 'jcb'],
    [/^3[0689]/, 'diners'], [/^62/, 'unionpay'], [/^6/, 'discover'],
  ];

  function wordsFor(locale) {
    const tag = locale.toLowerCase();
    if (tag.startsWith('zh')) return /hant|tw|hk|mo/.test(tag) ? words['zh-Hant'] : words['zh-Hans'];
    return tag.startsWith('ja') ? words.ja : words.en;
  }

  const digits = (text) => text.replace(/\D/g, '');

  function brandOf(number) {
    const found = brands.find(([pattern]) => pattern.test(number));
    return found ? found[1] : 'unknown';
  }

  // plausible is the check that every card number passes.
  function plausible(number) {
    let sum = 0;
    Array.from(number).reverse().forEach((digit, i) => {
      const d = Number(digit) * (i % 2 ? 2 : 1);
      sum += d > 9 ? d - 9 : d;
    });
    return number.length >= 12 && sum % 10 === 0;
  }

  function expiryOf(text) {
    const [month, year] = text.split('/').map(digits);
    return { month, year };
  }

  const problems = {
    number: (v) => (digits(v).length < 12 ? ['incomplete_number', 'Your card number is incomplete.']
      : !plausible(digits(v)) && ['invalid_number', 'Your card number is invalid.']),
    expiry: (v) => {
      const { month, year } = expiryOf(v);
      return (!month || !year || year.length % 2) && ['incomplete_expiry', 'Your card’s expiration date is incomplete.'];
    },
    cvc: (v) => digits(v).length < 3 && ['incomplete_cvc', 'Your card’s security code is incomplete.'],
  };

  function problem() {
    for (const [name, input] of Object.entries(fields)) {
      const found = problems[name](input.value);
      if (found) return { type: 'validation_error', code: found[0], message: found[1] };
    }
    return null;
  }

  function tell(message) {
    parent.postMessage(message, parentOrigin);
  }

  function changed() {
    const inputs = Object.values(fields);
    const found = problem();
    const typed = inputs.every((input) => input.dataset.left === 'yes');
    tell({
      type: 'change',
      event: {
        complete: !found,
        empty: inputs.every((input) => !input.value),
        error: found && (typed || found.code.startsWith('invalid')) ? found : undefined,
        brand: fields.number ? brandOf(digits(fields.number.value)) : undefined,
      },
    });
  }

  function spaced(input) {
    if (input.name === 'number') input.value = digits(input.value).replace(/(.{4})(?=.)/g, '$1 ');
    if (input.name === 'cvc') input.value = digits(input.value);
    if (input.name === 'expiry' && !input.value.includes('/') && digits(input.value).length > 2) {
      const d = digits(input.value);
      input.value = `${d.slice(0, 2)} / ${d.slice(2)}`;
    }
  }

  for (const input of Object.values(fields)) {
    const label = wordsFor(root.dataset.locale)[input.name];
    input.placeholder = label;
    input.setAttribute('aria-label', label);
    input.addEventListener('input', () => { spaced(input); changed(); });
    input.addEventListener('focus', () => tell({ type: 'focus' }));
    input.addEventListener('blur', () => { input.dataset.left = input.value ? 'yes' : ''; changed(); tell({ type: 'blur' }); });
  }
  root.addEventListener('submit', (event) => event.preventDefault());

  // What sibling frames of the same group may ask.
  window.sandboxElement = { group, problem, values: () => Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, v.value])) };

  function siblings() {
    const found = [];
    for (let i = 0; i < parent.frames.length; i++) {
      try {
        const other = parent.frames[i].sandboxElement;
        if (other && other.group === group) found.push(other);
      } catch {
        // A frame of another origin.
      }
    }
    return found;
  }

  function append(data, prefix, into) {
    for (const [name, value] of Object.entries(data)) {
      if (value === undefined || value === null) continue;
      const key = prefix ? `${prefix}[${name}]` : name;
      if (typeof value === 'object') append(value, key, into);
      else into.append(key, String(value));
    }
  }

  async function create(message) {
    const parts = siblings();
    const wrong = parts.map((part) => part.problem()).find(Boolean);
    if (wrong) return { error: wrong };
    const { number = '', expiry = '', cvc } = Object.assign({}, ...parts.map((part) => part.values()));
    const { month = '', year = '' } = expiryOf(expiry);
    const body = new URLSearchParams();
    append(message.data || {}, '', body);
    body.append('card[number]', digits(number));
    body.append('card[exp_month]', month);
    body.append('card[exp_year]', year);
    if (cvc !== undefined) body.append('card[cvc]', cvc);
    try {
      const response = await fetch(message.path, {
        method: 'POST', credentials: 'omit', headers: { Authorization: `Bearer ${message.key}` }, body,
      });
      return await response.json();
    } catch {
      return { error: { type: 'api_connection_error', message: 'The payment provider could not be reached. Try again.' } };
    }
  }

  function restyle({ style = {}, disabled }) {
    for (const name of ['color', 'fontFamily', 'fontSize', 'fontWeight', 'lineHeight', 'letterSpacing']) {
      if (typeof style[name] === 'string') root.style[name] = style[name];
    }
    for (const input of Object.values(fields)) input.disabled = disabled;
  }

  const first = Object.values(fields)[0];
  const orders = {
    focus: () => first.focus(),
    blur: () => document.activeElement.blur(),
    clear: () => { for (const input of Object.values(fields)) input.value = ''; changed(); },
    style: restyle,
  };

  addEventListener('message', async (event) => {
    if (event.source !== parent || event.origin !== parentOrigin) return;
    const message = event.data || {};
    if (message.type === 'create' && ['/v1/payment_methods', '/v1/tokens'].includes(message.path)) {
      tell({ call: message.call, answer: await create(message) });
    } else if (Object.hasOwn(orders, message.type)) {
      orders[message.type](message);
    }
  });

  tell({ type: 'ready' });
})();

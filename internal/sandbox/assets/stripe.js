// The sandbox's stand-in for Stripe's browser script: the same calls, for card
// payments. Card numbers are typed into frames of the sandbox's own origin and
// go from there to the sandbox; the page gets a payment method's id.
(function () {
  'use strict';

  const origin = new URL(document.currentScript.src).origin;
  const numberKinds = ['card', 'cardNumber'];
  const titles = {
    card: 'Card number, expiry date and security code', cardNumber: 'Card number',
    cardExpiry: 'Expiry date', cardCvc: 'Security code',
  };
  const kinds = Object.keys(titles);
  const pollEvery = 700; // ms between looks at an intent whose payer is elsewhere

  function randomName() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  }

  // flatten spells nested data as form fields: {a: {b: 1}} is a[b]=1.
  function flatten(data, prefix, into) {
    for (const [name, value] of Object.entries(data)) {
      const key = prefix ? `${prefix}[${name}]` : name;
      if (value === undefined || value === null) continue;
      if (typeof value === 'object') flatten(value, key, into);
      else into.append(key, String(value));
    }
    return into;
  }

  async function ask(key, method, path, data) {
    const fields = flatten(data || {}, '', new URLSearchParams());
    const isGet = method === 'GET';
    try {
      const response = await fetch(origin + path + (isGet ? `?${fields}` : ''), {
        method,
        credentials: 'omit',
        headers: { Authorization: `Bearer ${key}` },
        body: isGet ? undefined : fields,
      });
      return await response.json();
    } catch {
      return { error: { type: 'api_connection_error', message: 'The payment provider could not be reached. Try again.' } };
    }
  }

  // An Element is one card field, or all of them in a row.
  class Element {
    constructor(group, kind, options) {
      this.group = group;
      this.kind = kind;
      this.options = options || {};
      this.listeners = new Map();
      this.waiting = new Map();
      this.heard = this.heard.bind(this);
    }

    mount(target) {
      const place = typeof target === 'string' ? document.querySelector(target) : target;
      if (!place) throw new Error('The element to mount to was not found.');
      if (this.frame) this.unmount();
      const query = new URLSearchParams({ group: this.group.name, parent: location.origin, locale: this.group.locale });
      const frame = document.createElement('iframe');
      frame.title = `${titles[this.kind]}, at the payment provider`;
      frame.src = `${origin}/_elements/${this.kind}?${query}`;
      frame.setAttribute('allow', 'payment');
      Object.assign(frame.style, { border: '0', width: '100%', height: '2.75rem', display: 'block', colorScheme: 'normal' });
      this.frame = frame;
      addEventListener('message', this.heard);
      place.replaceChildren(frame);
      place.classList.add('StripeElement');
      this.place = place;
    }

    unmount() {
      removeEventListener('message', this.heard);
      if (this.frame) this.frame.remove();
      this.frame = null;
    }

    destroy() {
      this.unmount();
      this.group.elements = this.group.elements.filter((e) => e !== this);
    }

    on(name, listener) {
      this.listeners.set(name, [...(this.listeners.get(name) || []), listener]);
      return this;
    }

    once(name, listener) {
      const once = (event) => { this.off(name, once); listener(event); };
      return this.on(name, once);
    }

    off(name, listener) {
      this.listeners.set(name, (this.listeners.get(name) || []).filter((l) => listener && l !== listener));
      return this;
    }

    focus() { this.tell({ type: 'focus' }); }
    blur() { this.tell({ type: 'blur' }); }
    clear() { this.tell({ type: 'clear' }); }

    update(options) {
      Object.assign(this.options, options);
      this.tell({ type: 'style', style: (this.options.style || {}).base || {}, disabled: Boolean(this.options.disabled) });
    }

    tell(message) {
      if (this.frame && this.frame.contentWindow) this.frame.contentWindow.postMessage(message, origin);
    }

    // request sends the frame a message and waits for its answer.
    request(message) {
      return new Promise((resolve) => {
        if (!this.frame) {
          resolve({ error: { type: 'validation_error', message: 'The card fields are not on the page.' } });
          return;
        }
        const call = randomName();
        this.waiting.set(call, resolve);
        this.tell({ ...message, call });
      });
    }

    heard(event) {
      if (event.origin !== origin || !this.frame || event.source !== this.frame.contentWindow) return;
      const message = event.data || {};
      if (message.call) {
        const resolve = this.waiting.get(message.call);
        this.waiting.delete(message.call);
        if (resolve) resolve(message.answer);
        return;
      }
      if (message.type === 'ready') this.update({});
      if (message.type === 'change') {
        this.place.classList.toggle('StripeElement--complete', message.event.complete);
        this.place.classList.toggle('StripeElement--invalid', Boolean(message.event.error));
        this.place.classList.toggle('StripeElement--empty', message.event.empty);
      }
      for (const listener of this.listeners.get(message.type) || []) {
        listener({ elementType: this.kind, ...(message.event || {}) });
      }
    }
  }

  // A group is the fields that make up one card.
  class Elements {
    constructor(options, locale) {
      this.name = randomName();
      this.locale = (options && options.locale) || locale || document.documentElement.lang || 'en';
      this.elements = [];
    }

    create(kind, options) {
      if (!kinds.includes(kind)) throw new Error(`The sandbox has the elements ${kinds.join(', ')}.`);
      const element = new Element(this, kind, options);
      this.elements.push(element);
      return element;
    }

    getElement(kind) {
      return this.elements.find((e) => e.kind === kind) || null;
    }
  }

  // numberHolder is the element of a card's group that sends it.
  function numberHolder(element) {
    return element.group.elements.find((e) => numberKinds.includes(e.kind)) || element;
  }

  // waitForPayer opens the issuer's page in a second window and looks at the
  // intent until it has moved on or the window is closed. Where windows are
  // blocked the whole page goes there, and comes back to the return_url.
  async function waitForPayer(retrieve, intent) {
    const next = intent.next_action;
    const page = next && ((next.redirect_to_url || {}).url || (next.use_stripe_sdk || {}).stripe_js);
    if (!page || new URL(page).origin !== origin) {
      return { error: { type: 'invalid_request_error', message: 'There is nothing that this payer has to do.' } };
    }
    const second = window.open(page, '_blank', 'popup,width=480,height=680');
    if (!second) {
      location.assign(page);
      return new Promise(() => {});
    }
    for (;;) {
      const closed = second.closed;
      const got = await retrieve();
      if (got.error || got.status !== 'requires_action') {
        second.close();
        return got;
      }
      if (closed) {
        return { error: { type: 'validation_error', code: 'authentication_abandoned', message: 'The authentication was left before it ended.', intent: got } };
      }
      await new Promise((resolve) => setTimeout(resolve, pollEvery));
    }
  }

  function Stripe(key, options) {
    if (typeof key !== 'string' || !key.startsWith('pk_test_')) {
      throw new Error('The sandbox takes publishable keys that begin with pk_test_.');
    }
    const locale = options && options.locale !== 'auto' ? options.locale : undefined;
    const resources = {
      pi: { path: '/v1/payment_intents/', name: 'paymentIntent', error: 'last_payment_error' },
      seti: { path: '/v1/setup_intents/', name: 'setupIntent', error: 'last_setup_error' },
    };

    function resourceOf(secret) {
      const id = String(secret).split('_secret_')[0];
      const resource = resources[id.split('_')[0]];
      if (!resource) throw new Error('This is not the client secret of an intent.');
      return { ...resource, path: resource.path + id };
    }

    // shown gives an intent the form in which callers get it.
    function shown(resource, got) {
      if (got.error) return { error: got.error };
      if (got[resource.error] && got.status === 'requires_payment_method') return { error: got[resource.error], [resource.name]: got };
      return { [resource.name]: got };
    }

    async function retrieve(secret) {
      const resource = resourceOf(secret);
      const got = await ask(key, 'GET', resource.path, { client_secret: secret });
      return got.error ? { error: got.error } : { [resource.name]: got };
    }

    async function handleNextAction(request) {
      const secret = typeof request === 'string' ? request : request.clientSecret;
      const resource = resourceOf(secret);
      const look = () => ask(key, 'GET', resource.path, { client_secret: secret });
      const intent = await look();
      if (intent.error || intent.status !== 'requires_action') return shown(resource, intent);
      return shown(resource, await waitForPayer(look, intent));
    }

    async function createPaymentMethod(first, second, third) {
      const data = typeof first === 'string' ? { type: first, card: second, ...(third || {}) } : first;
      if (!(data.card instanceof Element)) {
        return { error: { type: 'validation_error', message: 'card has to be an element.' } };
      }
      const { card, ...rest } = data;
      const got = await numberHolder(card).request({ type: 'create', key, path: '/v1/payment_methods', data: rest });
      return got.error ? { error: got.error } : { paymentMethod: got };
    }

    async function createToken(element) {
      const got = await numberHolder(element).request({ type: 'create', key, path: '/v1/tokens', data: {} });
      return got.error ? { error: got.error } : { token: got };
    }

    async function confirm(secret, data, more) {
      const resource = resourceOf(secret);
      const fields = { ...(data || {}), client_secret: secret };
      if (fields.payment_method && typeof fields.payment_method === 'object') {
        const made = await createPaymentMethod({ type: 'card', ...fields.payment_method });
        if (made.error) return made;
        fields.payment_method = made.paymentMethod.id;
      }
      const got = await ask(key, 'POST', `${resource.path}/confirm`, fields);
      if (got.error || got.status !== 'requires_action' || (more && more.handleActions === false)) return shown(resource, got);
      return handleNextAction(secret);
    }

    return {
      elements: (o) => new Elements(o, locale),
      createPaymentMethod,
      createToken,
      confirmCardPayment: confirm,
      confirmCardSetup: confirm,
      handleNextAction,
      handleCardAction: handleNextAction,
      retrievePaymentIntent: retrieve,
      retrieveSetupIntent: retrieve,
      registerAppInfo() {},
      _registerWrapper() {},
    };
  }

  Stripe.version = 3;
  window.Stripe = Stripe;
})();

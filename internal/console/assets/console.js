// The console's own script. Pages work without it, except for the card fields,
// which are the provider's: what is typed there never reaches this page.
(() => {
  'use strict';

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const channelName = 'bursar-challenge';
  const moved = 'bursar-moved';

  // --- The card fields -------------------------------------------------------

  // look is how text looks here; the provider's frames are told, since they do
  // not inherit it.
  function look(place) {
    const style = getComputedStyle(place);
    return { base: { color: style.color, fontFamily: style.fontFamily, fontSize: style.fontSize, '::placeholder': { color: style.color } } };
  }

  function cardFields(form) {
    const words = new Map($$('[data-problems] li', form).map((li) => [li.dataset.code, li.textContent]));
    const wordsFor = (error) => words.get(error.code) || words.get(error.type) || error.message || words.get('other');
    const fields = $('[data-fields]', form);
    const wrong = $('#wrong', form);
    if (typeof window.Stripe !== 'function') {
      wrong.textContent = words.get('not_loaded');
      return;
    }
    fields.disabled = false;
    const provider = window.Stripe(form.dataset.key, { locale: form.dataset.locale });
    const group = provider.elements({ locale: form.dataset.locale });
    const field = (kind, id) => {
      const place = document.getElementById(id);
      const element = group.create(kind, { style: look(place) });
      const says = document.getElementById(`${id}-wrong`);
      element.on('change', (event) => { says.textContent = event.error ? wordsFor(event.error) : ''; });
      element.on('ready', () => place.classList.add('ready'));
      element.on('focus', () => place.classList.add('focus'));
      element.on('blur', () => place.classList.remove('focus'));
      document.getElementById(`${id}-label`).addEventListener('click', () => element.focus());
      element.mount(place);
      return element;
    };
    const number = field('cardNumber', 'number');
    const others = [field('cardExpiry', 'expiry'), field('cardCvc', 'cvc')];
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const element of [number, ...others]) element.update({ style: look(form) });
    });

    let busy = false;
    const setBusy = (on) => {
      busy = on;
      $('button', fields).disabled = on;
      $('#working', form).hidden = !on;
    };
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (busy) return;
      setBusy(true);
      wrong.textContent = '';
      const made = await provider.createPaymentMethod({
        type: 'card', card: number, billing_details: { name: $('#holder', form).value },
      });
      if (made.error) {
        setBusy(false);
        wrong.textContent = wordsFor(made.error);
        return;
      }
      form.elements.payment_method.value = made.paymentMethod.id;
      form.submit();
    });
    addEventListener('pageshow', (event) => { if (event.persisted) setBusy(false); });
  }

  // --- The challenge in a second window --------------------------------------

  function challengeWindow(link, ask) {
    link.addEventListener('click', (event) => {
      const second = window.open('', '', 'popup,width=520,height=720');
      if (!second) {
        $('[data-blocked]').hidden = false;
        return; // the link goes on by itself, into a new tab
      }
      event.preventDefault();
      second.opener = null; // the bank's page gets no hold of this one
      second.location.replace(link.href);
      const watch = setInterval(() => {
        if (second.closed) {
          clearInterval(watch);
          ask();
        }
      }, 500);
    });
  }

  // --- Waiting ---------------------------------------------------------------

  const firstWait = 1500; // ms between questions, longer each time
  const longestWait = 15000;

  // waitFor asks now and then whether anything is new, and has the page made
  // again when something is.
  function waitFor(place) {
    const { wait, mark } = place.dataset;
    let pause = firstWait;
    let timer = 0;
    let asking = false;
    const say = (name) => {
      const says = $('[data-says]', place);
      const text = $(`[data-text=${name}]`, place);
      if (!says || !text) return;
      says.dataset.usual = says.dataset.usual || says.textContent;
      says.textContent = text.textContent;
    };
    const ask = async () => {
      clearTimeout(timer);
      if (asking) return;
      asking = true;
      try {
        const response = await fetch(wait, { headers: { Accept: 'application/json' } });
        if (response.status === 401) {
          say('ended');
          return;
        }
        if (response.ok) {
          const now = await response.json();
          if (now.mark !== mark) {
            const next = now.page || location.pathname; // what we waited for may have a page of its own now
            if ($('[data-status]')) sessionStorage.setItem(moved, next.split('?')[0]);
            if (now.page && $('[data-status]')) location.replace(next);
            else location.reload();
            return;
          }
          const says = $('[data-says]', place);
          if (says && says.dataset.usual) says.textContent = says.dataset.usual;
        }
      } catch {
        say('lost');
      }
      asking = false;
      pause = Math.min(pause * 1.3, longestWait);
      timer = setTimeout(ask, pause);
    };
    const askSoon = () => {
      pause = firstWait;
      ask();
    };
    timer = setTimeout(ask, pause);
    document.addEventListener('visibilitychange', () => { if (!document.hidden) askSoon(); });
    return askSoon;
  }

  // --- Back from the bank ----------------------------------------------------

  // back tells the page that waits, and closes this window if there is one. If
  // nobody waits any more, this window takes its place.
  function back(place) {
    const here = place.dataset.return;
    const channel = new BroadcastChannel(channelName);
    let calls = 0;
    const calling = setInterval(() => { // more than once: the page may just be made again
      calls += 1;
      if (calls <= 8) {
        channel.postMessage({ back: here });
        return;
      }
      clearInterval(calling);
      if (here) location.replace(here);
    }, 300);
    channel.addEventListener('message', (event) => {
      if (event.data.waiting === undefined || (here && event.data.waiting !== here)) return;
      clearInterval(calling);
      setTimeout(() => window.close(), 1200);
    });
  }

  // --- Copying ---------------------------------------------------------------

  // copies puts into the clipboard what belongs into a form at a bank.
  function copies(button) {
    const says = $('[data-says]', button);
    const usual = says.textContent;
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      says.textContent = $('[data-copied]').textContent;
      setTimeout(() => { says.textContent = usual; }, 2000);
    });
  }

  // --- The menu of who is signed in ------------------------------------------

  // closesItself has a menu that lies over the page go when the reader goes on.
  function closesItself(menu) {
    const leave = (next) => { if (next && !menu.contains(next)) menu.open = false; };
    menu.addEventListener('focusout', (event) => leave(event.relatedTarget));
    document.addEventListener('click', (event) => leave(event.target));
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !menu.open) return;
      menu.open = false;
      $('summary', menu).focus();
    });
  }

  // --- Start -----------------------------------------------------------------

  const form = $('form[data-card]');
  if (form) cardFields(form);

  $$('.who').forEach(closesItself);

  if (navigator.clipboard) $$('[data-copy]').forEach(copies);

  const asks = $$('[data-wait]').map(waitFor);
  const askAll = () => asks.forEach((ask) => ask());
  const link = $('[data-window]');
  if (link) challengeWindow(link, askAll);

  const status = $('[data-status]');
  if (status) {
    const channel = new BroadcastChannel(channelName);
    channel.addEventListener('message', (event) => {
      const { back: path } = event.data;
      if (path === undefined || (path && path !== location.pathname)) return;
      channel.postMessage({ waiting: location.pathname });
      askAll();
    });
  }

  const returned = $('[data-return]');
  if (returned) back(returned);

  // Whoever cannot see the page is told what is new on it.
  if (status && (status.getAttribute('role') === 'alert' || sessionStorage.getItem(moved) === location.pathname)) {
    sessionStorage.removeItem(moved);
    status.focus();
  }
})();

// Forms that ask for money, or bring files: what is pressed twice is sent once. The
// office sees to it by itself; this shows that something is under way.
(() => {
  'use strict';

  const longest = 120000; // ms that an answer may take
  const forms = Array.from(document.querySelectorAll('form[data-once]'));
  const fields = (form) => Array.from(form.elements).filter((field) => field.type === 'file');

  // tooLarge says which of a form's files the server would refuse, before they are
  // on their way.
  const tooLarge = (form) => fields(form).some((field) => Array.from(field.files).some((file) => file.size > Number(field.dataset.most)));

  const setBusy = (form, on) => {
    form.dataset.busy = on ? '1' : '';
    for (const button of form.querySelectorAll('button')) button.setAttribute('aria-disabled', String(on));
    const working = form.querySelector('[data-working]');
    if (working) working.hidden = !on;
  };

  for (const form of forms) {
    form.addEventListener('submit', (event) => {
      const says = form.querySelector('[data-large]');
      if (says) says.textContent = tooLarge(form) ? says.dataset.large : '';
      if (form.dataset.busy || (says && says.textContent)) {
        event.preventDefault();
        return;
      }
      setBusy(form, true);
      setTimeout(() => setBusy(form, false), longest); // its answer never came
    });
  }
  addEventListener('pageshow', (event) => { if (event.persisted) forms.forEach((form) => setBusy(form, false)); });
})();

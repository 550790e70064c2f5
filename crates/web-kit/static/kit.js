// What a script adds to our pages. Every page does its work without it.

'use strict';

(() => {
  const announce = (text) => {
    document.getElementById('announcer').textContent = text;
  };

  // <time datetime> in the reader's own time zone; UTC stays in the title.
  const localTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
  const localise = (root) => {
    for (const time of root.querySelectorAll('time[datetime]:not([title])')) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.getTime())) {
        time.title = time.textContent.trim();
        time.textContent = localTime.format(at);
      }
    }
  };

  // <button data-copy="…" hidden>
  const showCopyButtons = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll('button[data-copy][hidden]')) button.hidden = false;
  };
  const copy = async (button) => {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'Copied';
      button.dataset.copied = '';
      announce('Copied');
    } catch {
      button.textContent = 'Not copied';
      announce('The browser did not allow copying');
    }
    setTimeout(() => {
      button.textContent = label;
      delete button.dataset.copied;
    }, 2000);
  };

  const enhance = (root) => {
    localise(root);
    showCopyButtons(root);
    for (const box of root.querySelectorAll('[data-tick-all]')) box.closest('[hidden]')?.removeAttribute('hidden');
    for (const element of root.querySelectorAll('[data-refresh]')) keepFresh(element);
  };

  // What has the focus within an element, to be found again in another one of the same shape: by its id, or by its turn
  // among its like in the nearest part that has one.
  const focusWithin = (element) => {
    const focused = document.activeElement;
    if (!element.contains(focused) || focused === element) return () => null;
    if (focused.id) return () => document.getElementById(focused.id);
    const { id } = focused.parentElement.closest('[id]');
    const like = (root) => [...root?.querySelectorAll(focused.localName) ?? []];
    const turn = like(document.getElementById(id)).indexOf(focused);
    return () => like(document.getElementById(id))[turn];
  };

  // Puts the element with this id of another page in the place of ours. Focus, what is unfolded and how far a table is
  // scrolled stay. One that says what the last one said is left alone. data-tell="…" is read out when it changes, and only then.
  const drawn = new WeakMap();
  const telling = (element) => [element, ...element.querySelectorAll('[data-tell]')].filter((part) => part.dataset.tell);
  const replace = (html, id) => {
    const fresh = new DOMParser().parseFromString(html, 'text/html').getElementById(id);
    const stale = document.getElementById(id);
    if (!fresh || !stale) return null;
    if (drawn.get(stale) === fresh.outerHTML) return stale;
    const refocus = focusWithin(stale);
    const scrolled = [...stale.querySelectorAll('.table, .tabs')].map((part) => part.scrollLeft);
    const element = document.importNode(fresh, true);
    drawn.set(element, fresh.outerHTML);
    for (let around = stale.parentElement; around; around = around.parentElement) drawn.delete(around);
    for (const { id: open } of stale.querySelectorAll('details[id][open]')) element.querySelector(`#${open}`)?.setAttribute('open', '');
    const told = new Map(telling(stale).map((part) => [part.id, part.dataset.tell]));
    stale.replaceWith(element);
    for (const part of telling(element)) if (part.dataset.tell !== told.get(part.id)) announce(part.dataset.tell);
    enhance(element.parentElement);
    element.querySelectorAll('.table, .tabs').forEach((part, turn) => { part.scrollLeft = scrolled[turn] ?? 0; });
    refocus()?.focus({ preventScroll: true });
    return element;
  };

  // What stands above every page comes with each answer; one that says the same is not read out again. Who is not signed in
  // any more is told less: a refusal takes none away.
  const renewBanner = (html, refused = false) => {
    const fresh = new DOMParser().parseFromString(html, 'text/html').getElementById('banner');
    const stale = document.getElementById('banner');
    if (!fresh || !stale || (refused && !fresh.textContent.trim())) return;
    if (fresh.textContent.trim() !== stale.textContent.trim()) replace(html, 'banner');
  };

  // Nothing is taken away from somebody who is marking it, or has just copied it.
  const isInUse = (element) => {
    const selection = getSelection();
    const isSelecting = !!selection && !selection.isCollapsed && element.contains(selection.anchorNode);
    return isSelecting || !!element.querySelector('[data-copied]');
  };

  // Says above the page that it is not up to date any more, since when and why, for as long as any part of it is not.
  const outdated = new Map();
  let freshAt = new Date();
  const showOutdated = () => {
    const note = document.getElementById('outdated');
    const why = [...outdated.values()].at(-1);
    const text = why ? `This page shows how things stood at ${localTime.format(freshAt)}. ${why.text}` : '';
    document.body.toggleAttribute('data-outdated', !!why);
    note.hidden = !why;
    if (!why || note.querySelector('p').textContent === text) return;
    note.querySelector('p').textContent = text;
    note.querySelector('a').textContent = why.way;
  };
  const tell = (element, why) => {
    if (why) outdated.set(element.id, why);
    else outdated.delete(element.id);
    if (!outdated.size) freshAt = new Date();
    showOutdated();
  };
  const SIGNED_OUT = { text: 'Your session is over.', way: 'Sign in again' };
  const GONE = { text: 'What it showed is gone.', way: 'Reload' };
  const NO_ANSWER = { text: 'Sealwatch can’t answer right now; it is asked again and again.', way: 'Reload' };
  const OFFLINE = { text: 'There is no connection to Sealwatch; it is tried again and again.', way: 'Reload' };

  // <tr id="row-7" data-refresh="/records/7" data-every="2000">: asks again for as long as the fresh one says so.
  // The address is optional: without it, it's this page. data-also="a b" takes these elements from the same answer.
  // The header says that nobody asked: it does not keep the session alive, and takes no note that waits for a page.
  const headers = { accept: 'text/html', 'sealwatch-by-itself': '1' };
  // A server that says nothing for so long is not there, whatever the connection pretends.
  const SILENCE = 15000;
  const takeOver = (html, element) => {
    for (const id of [...element.dataset.also?.split(' ') ?? [], element.id]) {
      const part = document.getElementById(id);
      if (part && !isInUse(part)) replace(html, id);
    }
  };
  // False when there is no use in asking again.
  const renew = async (element) => {
    let response, html;
    try {
      response = await fetch(element.dataset.refresh || location.href, { headers, signal: AbortSignal.timeout(SILENCE) });
      html = await response.text();
    } catch {
      tell(element, OFFLINE);
      return true;
    }
    if (!element.isConnected) return false;
    renewBanner(html, !response.ok);
    if (response.ok) {
      tell(element, null);
      takeOver(html, element);
      return true;
    }
    // Gone for good, and not to be seen any more: what else stands on this page goes with it.
    if (response.status === 410) {
      location.reload();
      return false;
    }
    const ends = { 401: SIGNED_OUT, 404: GONE }[response.status];
    tell(element, ends ?? NO_ANSWER);
    return !ends;
  };
  // data-events="/events" beside it: the server sends the parts of the element that have changed, and the page is asked only
  // when the stream ends, which also tells whether anybody is still signed in. Its beat tells that it is still there. Nobody
  // looks at a hidden page: it hears nothing.
  const hear = (element, ask) => {
    const source = new EventSource(element.dataset.events);
    let silent;
    const heard = () => {
      clearTimeout(silent);
      silent = setTimeout(() => {
        tell(element, OFFLINE);
        fail();
      }, SILENCE);
    };
    const end = () => {
      clearTimeout(silent);
      source.close();
      document.removeEventListener('visibilitychange', endIfHidden);
      removeEventListener('pagehide', end);
    };
    const endIfHidden = () => {
      if (document.hidden) fail();
    };
    const fail = () => {
      end();
      void ask();
    };
    heard();
    source.addEventListener('beat', heard);
    source.addEventListener('message', ({ data }) => {
      if (!element.isConnected) return end();
      heard();
      tell(element, null);
      for (const { id } of new DOMParser().parseFromString(data, 'text/html').body.children) {
        const part = document.getElementById(id);
        if (id === 'banner') renewBanner(data);
        else if (part && !isInUse(part)) replace(data, id);
      }
    });
    source.addEventListener('error', fail);
    document.addEventListener('visibilitychange', endIfHidden);
    addEventListener('pagehide', end);
  };

  const waiting = new WeakSet();
  const keepFresh = (element) => {
    if (waiting.has(element) || !element.id) return;
    waiting.add(element);
    const every = Math.max(Number(element.dataset.every) || 2000, 500);
    const ask = async () => {
      const again = document.hidden || (element.isConnected && await renew(element));
      // One that took its place asks by itself.
      if (again && element.isConnected) setTimeout(next, every);
    };
    const next = () => {
      if (element.dataset.events && !document.hidden) hear(element, ask);
      else void ask();
    };
    if (element.dataset.events) next();
    else setTimeout(ask, every);
  };

  // <form data-replace="row-7">: sends in the background and takes over that element from the answer.
  const sendInPlace = async (form, button) => {
    const body = new URLSearchParams(new FormData(form, button));
    const id = form.dataset.replace;
    try {
      const response = await fetch(form.action, { method: 'POST', body, headers: { accept: 'text/html' } });
      const html = await response.text();
      // An error, or the sign-in page: shown whole, in the place of this page's content.
      const element = replace(html, id) ?? replace(html, 'main');
      if (!element) return location.reload();
      announce(element.dataset.announce || 'Updated');
    } catch {
      announce('No connection. Please try again.');
      button.textContent = 'No connection';
    }
    release(form);
  };

  // <label hidden><input type="checkbox" data-tick-all="record">…</label>: ticks every box of that name in its form.
  const tickAll = (all) => {
    for (const box of all.form.querySelectorAll(`input[type="checkbox"][name="${all.dataset.tickAll}"]`)) box.checked = all.checked;
  };

  // A form sent twice by a double click is sent once.
  const hold = (form) => {
    for (const button of form.querySelectorAll('button:not([type="button"])')) {
      button.setAttribute('aria-disabled', 'true');
      button.setAttribute('aria-busy', 'true');
    }
    form.dataset.sent = '';
  };
  const release = (form) => {
    for (const button of form.querySelectorAll('[aria-busy]')) {
      button.removeAttribute('aria-disabled');
      button.removeAttribute('aria-busy');
    }
    delete form.dataset.sent;
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-copy]');
    if (button) void copy(button);
  });

  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-tick-all]')) tickAll(event.target);
  });

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post') return;
    if ('sent' in form.dataset) return event.preventDefault();
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (question && !confirm(question)) return event.preventDefault();
    hold(form);
    if (form.dataset.replace) {
      event.preventDefault();
      void sendInPlace(form, event.submitter);
    }
  });

  // Back from the browser's memory, the buttons work again.
  addEventListener('pageshow', (event) => {
    if (event.persisted) for (const form of document.forms) release(form);
  });

  enhance(document);
  document.querySelector('[data-focus]')?.focus();
})();

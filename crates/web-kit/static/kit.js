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
      announce('Copied');
    } catch {
      button.textContent = 'Not copied';
      announce('The browser did not allow copying');
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  };

  const enhance = (root) => {
    localise(root);
    showCopyButtons(root);
    for (const box of root.querySelectorAll('[data-tick-all]')) box.closest('[hidden]')?.removeAttribute('hidden');
    for (const element of root.querySelectorAll('[data-refresh]')) keepFresh(element);
  };

  // Puts the element with this id of another page in the place of ours. Focus stays where it was.
  const replace = (html, id) => {
    const fresh = new DOMParser().parseFromString(html, 'text/html').getElementById(id);
    const stale = document.getElementById(id);
    if (!fresh || !stale) return null;
    const focused = stale.contains(document.activeElement) ? document.activeElement.id : '';
    const element = document.importNode(fresh, true);
    // What the reader has unfolded stays so.
    for (const { id: open } of stale.querySelectorAll('details[id][open]')) element.querySelector(`#${open}`)?.setAttribute('open', '');
    stale.replaceWith(element);
    enhance(element.parentElement);
    if (focused) document.getElementById(focused)?.focus();
    return element;
  };

  // What stands above every page comes with each answer; one that says the same is not read out again.
  const renewBanner = (html) => {
    const fresh = new DOMParser().parseFromString(html, 'text/html').getElementById('banner');
    const stale = document.getElementById('banner');
    if (fresh && stale && fresh.textContent.trim() !== stale.textContent.trim()) replace(html, 'banner');
  };

  // Nothing is taken away from somebody who is marking it.
  const isSelecting = (element) => {
    const selection = getSelection();
    return !!selection && !selection.isCollapsed && element.contains(selection.anchorNode);
  };

  // <tr id="row-7" data-refresh="/records/7" data-every="2000">: asks again for as long as the fresh one says so.
  // The address is optional: without it, it's this page. data-also="a b" takes these elements from the same answer.
  // The header says that nobody asked: it does not keep the session alive, and takes no note that waits for a page.
  const headers = { accept: 'text/html', 'sealwatch-by-itself': '1' };
  const takeOver = (html, element) => {
    for (const id of element.dataset.also?.split(' ') ?? []) replace(html, id);
    return replace(html, element.id);
  };
  const waiting = new WeakSet();
  const keepFresh = (element) => {
    if (waiting.has(element) || !element.id) return;
    waiting.add(element);
    const every = Math.max(Number(element.dataset.every) || 2000, 500);
    const ask = async () => {
      if (!element.isConnected) return;
      if (document.hidden) return void setTimeout(ask, every);
      try {
        const response = await fetch(element.dataset.refresh || location.href, { headers });
        // Signed out or gone: the page as it stands is the last word, until somebody reloads it.
        if (response.status === 401 || response.status === 404) return;
        if (response.ok && element.isConnected && !isSelecting(element)) {
          const html = await response.text();
          renewBanner(html);
          if (replace(html, element.id)) return;
        }
      } catch { /* The network is away; ask again. */ }
      setTimeout(ask, every);
    };
    setTimeout(ask, every);
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

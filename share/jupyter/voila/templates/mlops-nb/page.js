// Keeps the page as it is now: asks for its content every few seconds while somebody can see it, and puts the new one
// in place without moving what is being read. It sends nothing but the question.
(() => {
  const asof = document.getElementById("asof");
  const main = document.getElementById("main");
  const news = document.getElementById("news");
  if (!asof || !main || !news || !document.getElementById("save")) return;
  const EVERY = 15000;
  const LONGEST = 90000; // an answer that takes longer is asked for anew
  let etag = "";
  let timer = 0;
  let asking = false; // one question at a time
  const shown = () => asof.textContent;
  const say = (text) => {
    if (news.textContent !== text) news.textContent = text;
  };
  const address = () => {
    const url = new URL(location.href);
    url.hash = "";
    url.searchParams.set("part", "1");
    return url;
  };
  const put = (html) => {
    const next = new DOMParser().parseFromString(html, "text/html").body;
    const summaries = (root) => [...root.querySelectorAll("details")];
    const opened = new Map(summaries(main).map((d) => [d.querySelector("summary")?.textContent, d.open]));
    for (const d of summaries(next)) {
      const was = opened.get(d.querySelector("summary")?.textContent);
      if (was !== undefined) d.open = was;
    }
    const focus = document.activeElement;
    const place = main.contains(focus) ? [...main.querySelectorAll("a,summary,[tabindex]")].indexOf(focus) : -1;
    const x = scrollX;
    const y = scrollY;
    main.replaceChildren(...next.childNodes);
    scrollTo(x, y);
    if (place >= 0) main.querySelectorAll("a,summary,[tabindex]")[place]?.focus({ preventScroll: true });
  };
  const look = async () => {
    if (asking || document.hidden) return;
    asking = true;
    clearTimeout(timer);
    const limit = new AbortController();
    const late = setTimeout(() => limit.abort(), LONGEST);
    try {
      const answer = await fetch(address(), {
        headers: etag ? { "If-None-Match": etag } : {},
        cache: "no-store",
        credentials: "same-origin",
        signal: limit.signal,
      });
      const html = answer.ok ? await answer.text() : "";
      if (answer.status === 401 || answer.status === 403 || answer.redirected) {
        say("You are signed out. Load the page again to sign in; it shows how things were at " + shown() + " UTC.");
      } else if (answer.ok || answer.status === 304) {
        const at = answer.headers.get("X-As-Of");
        if (answer.ok) {
          etag = answer.headers.get("ETag") || "";
          put(html);
        }
        if (at) {
          asof.dateTime = at;
          asof.textContent = at.replace("T", " ").replace("Z", "");
        }
        say("");
      } else {
        say("The page could not be made again (" + answer.status + "). It shows how things were at " + shown() + " UTC.");
      }
    } catch {
      say("The server does not answer. The page shows how things were at " + shown() + " UTC, and goes on asking.");
    } finally {
      clearTimeout(late);
    }
    asking = false;
    timer = setTimeout(look, EVERY);
  };
  document.addEventListener("visibilitychange", look);
  timer = setTimeout(look, Date.now() - Date.parse(asof.dateTime) > EVERY ? 500 : EVERY);
})();

-- Letters and their pages are shared with people, until a day or for good.
create table public.letters (
    id uuid primary key default gen_random_uuid(), writer uuid not null references auth.users on delete cascade, words text not null
);
create index on public.letters (writer);
create table public.pages (
    id uuid primary key default gen_random_uuid(), letter uuid not null references public.letters on delete cascade, secret_words text
);
create index on public.pages (letter);
create table public.shown_to (
    letter uuid not null references public.letters on delete cascade, reader uuid not null references auth.users on delete cascade,
    until_when timestamptz, primary key (letter, reader)
);
create index on public.shown_to (reader);
-- Carers come and go.
create table public.wards (id uuid primary key default gen_random_uuid(), called text not null);
create table public.carers (
    ward uuid not null references public.wards on delete cascade, carer uuid not null references auth.users on delete cascade,
    gone timestamptz, primary key (ward, carer)
);
create index on public.carers (carer);
create table public.visits (
    id uuid primary key default gen_random_uuid(), ward uuid not null references public.wards on delete cascade, diagnosis text
);
create index on public.visits (ward);
create table public.doses (
    id uuid primary key default gen_random_uuid(), ward uuid not null references public.wards on delete cascade, dose numeric, of_what text
);
create index on public.doses (ward);
create table public.remarks (
    id uuid primary key default gen_random_uuid(), ward uuid not null references public.wards on delete cascade,
    carer uuid not null default auth.uid() references auth.users on delete cascade, remark text not null
);
create index on public.remarks (ward);
create index on public.remarks (carer);
-- A pass is for thirty days.
create table public.passes (
    id uuid primary key default gen_random_uuid(), holder uuid not null references auth.users on delete cascade,
    runs_out timestamptz not null default now() + interval '30 days'
);
create index on public.passes (holder);
create table public.recordings (id uuid primary key default gen_random_uuid(), film text not null, secret_link text not null);
-- Keys to cellars are withdrawn; a function opens.
create table public.cellars (id uuid primary key default gen_random_uuid(), called text not null);
create table public.key_holders (
    id uuid primary key default gen_random_uuid(), cellar uuid not null references public.cellars on delete cascade,
    holder uuid not null references auth.users on delete cascade, last_day date not null default 'infinity'
);
create index on public.key_holders (cellar);
create index on public.key_holders (holder);
create table public.cellar_log (
    id uuid primary key default gen_random_uuid(), cellar uuid not null references public.cellars on delete cascade, what text not null
);
create index on public.cellar_log (cellar);
-- Editors of papers.
create table public.papers (id uuid primary key default gen_random_uuid(), called text not null);
create table public.editors (
    paper uuid not null references public.papers on delete cascade, editor uuid not null references auth.users on delete cascade,
    role text not null default 'editor' check (role in ('editor', 'chief')), withdrawn_on timestamptz, primary key (paper, editor)
);
create index on public.editors (editor);
create table public.articles (
    id uuid primary key default gen_random_uuid(), paper uuid not null references public.papers on delete cascade, draft_words text
);
create index on public.articles (paper);
create table public.cuttings (
    id uuid primary key default gen_random_uuid(), paper uuid not null references public.papers on delete cascade, cut_words text
);
create index on public.cuttings (paper);
-- In order: what was written in a rental outlasts it.
create table public.rentals (
    id uuid primary key default gen_random_uuid(), tenant uuid not null references auth.users on delete cascade, ends_at timestamptz not null
);
create index on public.rentals (tenant);
create table public.rental_letters (
    id uuid primary key default gen_random_uuid(), rental uuid not null references public.rentals on delete cascade, words text not null
);
create index on public.rental_letters (rental);
create table public.rental_keys (
    id uuid primary key default gen_random_uuid(), rental uuid not null references public.rentals on delete cascade, door_words text not null
);
create index on public.rental_keys (rental);
-- In order: who was invited has said yes or not, and that is asked for; an invitation has a day as well.
create table public.choirs (id uuid primary key default gen_random_uuid(), called text not null);
create table public.singers (
    choir uuid not null references public.choirs on delete cascade, singer uuid not null references auth.users on delete cascade,
    answer text not null default 'asked' check (answer in ('asked', 'yes', 'no')), answered_at timestamptz,
    answer_by timestamptz not null default now() + interval '7 days', primary key (choir, singer)
);
create index on public.singers (singer);
create table public.scores (
    id uuid primary key default gen_random_uuid(), choir uuid not null references public.choirs on delete cascade, secret_notes text
);
create index on public.scores (choir);
-- In order: who was here lately, and what is swept away when it has ended.
create table public.rooms (id uuid primary key default gen_random_uuid(), called text not null);
create table public.guests_in (
    room uuid not null references public.rooms on delete cascade, person uuid not null references auth.users on delete cascade,
    seen_at timestamptz not null default now(), drop_at timestamptz not null default now() + interval '1 day', primary key (room, person)
);
create index on public.guests_in (person);
create table public.whispers (
    id uuid primary key default gen_random_uuid(), room uuid not null references public.rooms on delete cascade, words text not null
);
create index on public.whispers (room);
create table public.games (
    id uuid primary key default gen_random_uuid(), room uuid not null references public.rooms on delete cascade, secret_word text not null
);
create index on public.games (room);
create function public.sweep() returns void language sql security definer set search_path = '' as $$
    delete from public.guests_in g where g.drop_at < now() $$;
revoke execute on function public.sweep() from public, anon, authenticated;
alter table public.letters enable row level security; alter table public.pages enable row level security;
alter table public.shown_to enable row level security; alter table public.wards enable row level security;
alter table public.carers enable row level security; alter table public.visits enable row level security;
alter table public.doses enable row level security; alter table public.remarks enable row level security;
alter table public.passes enable row level security; alter table public.recordings enable row level security;
alter table public.cellars enable row level security; alter table public.key_holders enable row level security;
alter table public.cellar_log enable row level security; alter table public.papers enable row level security;
alter table public.editors enable row level security; alter table public.articles enable row level security;
alter table public.cuttings enable row level security; alter table public.rentals enable row level security;
alter table public.rental_letters enable row level security; alter table public.rental_keys enable row level security;
alter table public.choirs enable row level security; alter table public.singers enable row level security;
alter table public.scores enable row level security; alter table public.rooms enable row level security;
alter table public.guests_in enable row level security; alter table public.whispers enable row level security;
alter table public.games enable row level security;
create schema inner_rules;
grant usage on schema inner_rules to authenticated;
create function inner_rules.writes(l uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.letters x where x.id = l and x.writer = (select auth.uid())) $$;
create policy own on public.shown_to for select to authenticated using (reader = (select auth.uid()));
create policy see on public.letters for select to authenticated using (writer = (select auth.uid()) or exists (
    select from public.shown_to s where s.letter = letters.id and s.reader = (select auth.uid())
    and (s.until_when is null or s.until_when > now())));
create policy own on public.carers for select to authenticated using (carer = (select auth.uid()));
create policy see on public.wards for select to authenticated using (exists (
    select from public.carers c where c.ward = wards.id and c.carer = (select auth.uid()) and c.gone is null));
create policy see on public.visits for select to authenticated using (exists (
    select from public.carers c where c.ward = visits.ward and c.carer = (select auth.uid()) and c.gone is null));
create policy own on public.remarks for select to authenticated using (carer = (select auth.uid()));
create policy own on public.passes for select to authenticated using (holder = (select auth.uid()));
create policy own on public.key_holders for select to authenticated using (holder = (select auth.uid()));
create policy see on public.cellars for select to authenticated using (exists (
    select from public.key_holders k where k.cellar = cellars.id and k.holder = (select auth.uid()) and k.last_day >= current_date));
create policy own on public.editors for select to authenticated using (editor = (select auth.uid()));
create policy see on public.papers for select to authenticated using (exists (
    select from public.editors e where e.paper = papers.id and e.editor = (select auth.uid())));
-- Who was an editor may look up what was written.
create policy see on public.articles for select to authenticated using (exists (
    select from public.editors e where e.paper = articles.paper and e.editor = (select auth.uid())));
create policy see on public.cuttings for select to authenticated using (exists (
    select from public.editors e where e.paper = cuttings.paper and e.editor = (select auth.uid())));
create policy cut on public.cuttings for update to authenticated using (exists (
    select from public.editors e where e.paper = cuttings.paper and e.editor = (select auth.uid()) and e.withdrawn_on is null));
create policy own on public.rentals for select to authenticated using (tenant = (select auth.uid()));
create policy see on public.rental_letters for select to authenticated using (exists (
    select from public.rentals r where r.id = rental_letters.rental and r.tenant = (select auth.uid())));
create policy see on public.rental_keys for select to authenticated using (exists (
    select from public.rentals r where r.id = rental_keys.rental and r.tenant = (select auth.uid()) and r.ends_at > now()));
create policy own on public.singers for select to authenticated using (singer = (select auth.uid()));
create policy see on public.choirs for select to authenticated using (exists (
    select from public.singers s where s.choir = choirs.id and s.singer = (select auth.uid())
    and s.answered_at is null and s.answer_by > now()) or exists (
    select from public.singers s where s.choir = choirs.id and s.singer = (select auth.uid()) and s.answer = 'yes'));
create policy see on public.scores for select to authenticated using (exists (
    select from public.singers s where s.choir = scores.choir and s.singer = (select auth.uid()) and s.answer = 'yes'));
create policy own on public.guests_in for select to authenticated using (person = (select auth.uid()));
create policy see on public.rooms for select to authenticated using (exists (
    select from public.guests_in g where g.room = rooms.id and g.person = (select auth.uid())));
create policy see on public.whispers for select to authenticated using (exists (
    select from public.guests_in g where g.room = whispers.room and g.person = (select auth.uid())));
create policy see on public.games for select to authenticated using (exists (
    select from public.guests_in g where g.room = games.room and g.person = (select auth.uid())
    and g.seen_at > now() - interval '5 minutes'));
create function inner_rules.cares_for(w uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.carers c where c.ward = w and c.carer = (select auth.uid())) $$;
create policy see_pages on public.pages for select to authenticated using (inner_rules.writes(letter) or exists (
    select from public.shown_to s where s.letter = pages.letter and s.reader = (select auth.uid())));
create policy see on public.doses for select to authenticated using (inner_rules.cares_for(ward));
create policy see on public.recordings for select to authenticated using (exists (
    select from public.passes p where p.holder = (select auth.uid())));
create policy see on public.cellar_log for select to authenticated using (exists (
    select from public.key_holders k where k.cellar = cellar_log.cellar and k.holder = (select auth.uid())));
create policy edit on public.articles for update to authenticated using (exists (
    select from public.editors e where e.paper = articles.paper and e.editor = (select auth.uid()) and e.role = 'editor'));

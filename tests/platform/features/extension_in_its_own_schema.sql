create schema if not exists gis;
create extension if not exists postgis with schema gis;
create table public.spots (at gis.geometry);

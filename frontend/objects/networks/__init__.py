"""Running objects together."""
